"""`params.yaml`, typed and checked.

A wrong key or value is refused with its name, line and choices.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from opinionlens.base.errors import ParamsInvalid
from opinionlens.base.wording import counted
from opinionlens.pipeline.yaml_lines import LineIndex, parse_with_lines
from opinionlens.text.labels import Label

# Strict, so that the text "25" is not taken for the number 25 behind the user's back.
Scalar = StrictBool | StrictInt | StrictFloat | str | None
Number = StrictInt | StrictFloat
Share = Annotated[StrictFloat, Field(gt=0, lt=1)]
Range = Annotated[tuple[StrictInt, StrictInt], Field(description="lowest and highest n of the n-grams")]


_FILE_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Section(BaseModel):
    """A section of the file.

    It refuses unknown keys, and does not change after reading.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


class Base(Section):
    """Parameters of all stages."""

    random_seed: Annotated[StrictInt, Field(ge=0, lt=2**32)] = 42


class LabelledFile(Section):
    """A user's own labelled table.

    A label mapped to null is left out, and counted.
    """

    name: str
    path: str
    text_column: str = "text"
    label_column: str = "label"
    label_map: dict[str, Label | None]
    group_column: str | None = None
    time_column: str | None = None

    @field_validator("name")
    @classmethod
    def _names_files_and_metrics(cls, value: str) -> str:
        if not _FILE_NAME.fullmatch(value):
            raise ValueError("must begin with a letter a to z and have only those, digits and underscores")
        return value

    @field_validator("label_map", mode="before")
    @classmethod
    def _labels_as_written(cls, value: Any) -> Any:  # noqa: ANN401 - a value of the file
        # YAML reads 1 and true as numbers and booleans; in a CSV file both are text.
        return {str(key): label for key, label in value.items()} if isinstance(value, dict) else value


def _check_names(limits: dict[Any, Any], data: dict[str, Any]) -> None:
    """Raise if a limit names a source without a part."""
    if not {"sources", "files"} <= data.keys():
        return  # a fault of theirs is reported already
    known = dict.fromkeys([*data["sources"], *(file.name for file in data["files"])])
    unknown = [name for name in limits if name not in known]
    if unknown or not limits:
        names = ", ".join(f"`{name}`" for name in unknown) or "no source"
        raise ValueError(
            f"names {names}; those that take part (`data.sources`, `data.files`): {', '.join(known)}"
        )


class Data(Section):
    """The texts to train on."""

    raw_dir: str = "data/raw"
    sources: tuple[str, ...] = ("brand_tweets",)
    files: tuple[LabelledFile, ...] = ()
    max_rows: StrictInt | dict[str, StrictInt] | None = None

    @field_validator("max_rows", mode="before")
    @classmethod
    def _numbers_of_rows(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a value of the file
        # Before the types are looked at: of a union, each type would complain.
        if value is None:
            return None
        if isinstance(value, dict):
            _check_names(value, info.data)
        for number in value.values() if isinstance(value, dict) else (value,):
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                raise ValueError(
                    "must be a whole number of at least 1 for all sources, a mapping of such numbers like "
                    "{imdb: 8000}, or null for all rows"
                )
        return value

    def limits(self, names: Sequence[str]) -> dict[str, int]:
        """Return the limits on rows of the named sources."""
        if self.max_rows is None:
            return {}
        if isinstance(self.max_rows, int):
            return dict.fromkeys(names, self.max_rows)
        return {name: self.max_rows[name] for name in names if name in self.max_rows}

    @model_validator(mode="after")
    def _something_to_learn_from(self) -> Self:
        if not (self.sources or self.files):
            raise ValueError("name a source under `data.sources` or an own file under `data.files`")
        return self


class Preprocessing(Section):
    """The shares of the splits."""

    data_splits: tuple[Share, Share, Share] = (0.64, 0.16, 0.2)

    @field_validator("data_splits")
    @classmethod
    def _sum_to_one(cls, value: tuple[float, float, float]) -> tuple[float, float, float]:
        if abs(sum(value) - 1) > 1e-9:
            raise ValueError(f"the three shares (train, validation, test) must sum to 1, not {sum(value):g}")
        return value


class RecipeParams(Section):
    """The text recipe and its options."""

    name: Literal["plain-v2", "social-v2", "plain-v1", "social-v1"] = "social-v2"
    tokenizer: Literal["pattern", "tweet"] = "pattern"
    stemmer: Literal["none", "porter", "snowball"] = "none"
    negation_scope: StrictBool = True


class Features(Section):
    """The features to count."""

    word_ngrams: Range | None = (1, 2)
    char_ngrams: Range | None = (2, 5)
    lexicon: StrictBool = False
    opinions: StrictBool = True
    min_df: Annotated[StrictInt, Field(ge=1)] = 2
    max_features: Annotated[StrictInt, Field(ge=1)] = 300_000

    @field_validator("word_ngrams", "char_ngrams")
    @classmethod
    def _rising(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:
        if value is not None and not 1 <= value[0] <= value[1] <= 10:
            raise ValueError(f"must be [low, high] with 1 <= low <= high <= 10, not {list(value)}")
        return value

    @model_validator(mode="after")
    def _something_is_counted(self) -> Self:
        if not (self.word_ngrams or self.char_ngrams):
            raise ValueError("word_ngrams and char_ngrams cannot both be null")
        return self


FamilyName = Literal[
    "logistic_regression",
    "linear_svc",
    "nb_svm",
    "bagging_linear_svc",
    "k_nearest_neighbours",
    "decision_tree",
    "random_forest",
]


class ByHand(Section):
    """The one run of `train_sklearn`."""

    family: FamilyName = "logistic_regression"
    params: dict[str, Scalar] = {}


class TrainingParams(Section):
    """The study."""

    families: Annotated[tuple[FamilyName, ...], Field(min_length=1)] = (
        "logistic_regression",
        "linear_svc",
        "nb_svm",
    )
    n_trials: Annotated[StrictInt, Field(ge=1, le=10_000)] = 25
    n_jobs: Annotated[StrictInt, Field(ge=1)] = 8
    objective: Literal["macro_f1", "accuracy"] = "macro_f1"
    storage: Annotated[str, Field(min_length=1)] = "sqlite:///optuna.sqlite3"
    general_expert: StrictBool = True
    start: dict[FamilyName, dict[str, Scalar]] = {}
    by_hand: ByHand = ByHand()

    @field_validator("families")
    @classmethod
    def _each_once(cls, value: tuple[FamilyName, ...]) -> tuple[FamilyName, ...]:
        if len(set(value)) < len(value):
            raise ValueError("names a family twice")
        return value


class Models(Section):
    """An optional override of the evaluated model."""

    model_id: str | None = None


class Evaluation(Section):
    """The settings of the measures."""

    calibration_folds: Annotated[StrictInt, Field(ge=2, le=20)] = 5
    bootstrap_samples: Annotated[StrictInt, Field(ge=100, le=100_000)] = 1000
    uncertain_error_rate: Share = 0.5
    uncertain_max_share: Share = 0.1
    unfamiliar_confidence: Share = 0.52
    other_kinds: tuple[str, ...] = ()

    @field_validator("other_kinds")
    @classmethod
    def _sets_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("names a set twice")
        return value


class PromotionParams(Section):
    """The demands of the gate."""

    model_name: Annotated[str, Field(min_length=1)] = "opinionlens"
    tolerance: Annotated[Number, Field(ge=0, lt=1)] = 0.01
    max_calibration_error: Share = 0.05


class Params(Section):
    """The whole file."""

    base: Base = Base()
    data: Data = Data()
    preprocessing: Preprocessing = Preprocessing()
    recipe: RecipeParams = RecipeParams()
    features: Features = Features()
    training: TrainingParams = TrainingParams()
    models: Models = Models()
    evaluation: Evaluation = Evaluation()
    promotion: PromotionParams = PromotionParams()

    @field_validator("evaluation")
    @classmethod
    def _other_kinds_are_not_learnt(cls, value: Evaluation, info: ValidationInfo) -> Evaluation:
        data = info.data.get("data", Data())  # a fault of its own is reported already
        taught = {*data.sources, *(name for file in data.files for name in (file.name, file.path))}
        if both := [name for name in value.other_kinds if name in taught]:
            names = ", ".join(f"`{name}`" for name in both)
            raise ValueError(
                f"`other_kinds` names {names}, which training gets from `data.sources` or `data.files`; a "
                "set is learnt from or measured on as texts of another kind, not both"
            )
        return value


File = TypeVar("File", bound=Section)


def load_params(path: Path) -> Params:
    """Read and check the parameters.

    Raises:
        ParamsInvalid: as `load_section`.
    """
    return load_section(path, Params)


def load_section(path: Path, kind: type[File]) -> File:
    """Read and check a file of parameters of this form.

    Raises:
        ParamsInvalid: every fault of the file at once, each with its line, its key and the allowed values.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParamsInvalid(f"cannot be read: {error}", where=str(path)) from error
    try:
        content, lines = parse_with_lines(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ParamsInvalid(f"is not YAML: {error}", where=str(path)) from error
    try:
        return kind.model_validate(content or {})
    except ValidationError as error:
        faults = [_describe(fault, lines, kind) for fault in _innermost(error.errors())]
        count = counted(len(faults), "fault")
        raise ParamsInvalid("\n  ".join([f"{count} in the parameters:", *faults]), where=str(path)) from error


def _innermost(faults: list[Any]) -> list[Any]:
    """Return the faults without those that follow from inner ones.

    An empty list, for example, is a fault only because its one item is bad.
    """
    places = [tuple(fault["loc"]) for fault in faults]
    return [
        fault
        for fault, place in zip(faults, places, strict=True)
        if not any(other != place and other[: len(place)] == place for other in places)
    ]


def _describe(fault: Any, lines: LineIndex, kind: type[Section]) -> str:  # noqa: ANN401 - ErrorDetails
    location = tuple(fault["loc"])
    key = ".".join(str(part) for part in location) or "the file"
    line = lines.of(location)
    if fault["type"] == "extra_forbidden":
        return f"line {line}: unknown key `{key}`; allowed here: {', '.join(_allowed(kind, location[:-1]))}"
    if fault["type"] == "missing":
        return f"line {line}: `{key}` is missing"
    problem = fault["msg"].removeprefix("Value error, ")
    if len(location) < 2 and isinstance(fault["input"], dict):
        return f"line {line}: `{key}`: {problem}"  # a whole section says no more than its line
    return f"line {line}: `{key}`: {problem} (found {fault['input']!r})"


def _allowed(kind: type[Section], location: tuple[str | int, ...]) -> list[str]:
    """Return the keys of the section at `location`."""
    model: type[BaseModel] = kind
    for part in location:
        if part == "files":
            model = LabelledFile
        elif isinstance(part, str) and part in model.model_fields:
            model = _section_of(model, part)
    return sorted(field.alias or name for name, field in model.model_fields.items())


def _section_of(model: type[BaseModel], field: str) -> type[BaseModel]:
    annotation = model.model_fields[field].annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else model
