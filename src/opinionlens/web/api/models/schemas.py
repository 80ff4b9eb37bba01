"""Requests and answers of the model routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from opinionlens.serving.fetches import FetchState
from opinionlens.web.http.schemas import AnswerModel

_AT = "2026-11-22T21:30:00+00:00"
_DEPLOYMENT: dict[str, Any] = {
    "number": 4,
    "at": _AT,
    "by": "admin",
    "why": "Better on short texts.",
    "cause": "activation",
    "model_id": "opinionlens-3",
    "model_name": "opinionlens",
    "model_version": 3,
    "digest": "5c" * 32,
    "previous": "opinionlens-2",
    "restores": None,
}
_BRIEF: dict[str, Any] = {
    "model_id": "opinionlens-3",
    "model_name": "opinionlens",
    "model_version": 3,
    "is_active": True,
}
_MODEL: dict[str, Any] = _BRIEF | {
    "kind": "linear",
    "digest": "5c" * 32,
    "size_bytes": 18_450_112,
    "created": _AT,
    "loaded_at": _AT,
    "status": "active",
    "scores": {"accuracy": 0.78, "macro_f1": 0.758},
    "training": {
        "family": "linear_svc",
        "sources": ["brand_tweets"],
        "rows": 31_977,
        "git_commit": "0f3c1b2",
        "run_id": "0a1b2c",
    },
    "problem": None,
}


_REGISTERED: dict[str, Any] = {
    "model_id": "opinionlens-3",
    "model_name": "opinionlens",
    "model_version": 3,
    "kind": "linear",
    "created": _AT,
    "run_id": "0a1b2c",
    "aliases": ["champion"],
    "scores": {"accuracy": 0.78, "macro_f1": 0.758},
    "servable": True,
    "why_not_servable": None,
    "is_loaded": True,
    "is_active": True,
}
_FETCH: dict[str, Any] = {
    "fetch_id": "20261122214715243344-f261a894",
    "model_id": "opinionlens-3",
    "model_name": "opinionlens",
    "model_version": 3,
    "set_default": False,
    "state": "downloading",
    "bytes_done": 4_194_304,
    "bytes_total": 18_450_112,
    "started_at": _AT,
    "ended_at": None,
    "by": "admin",
    "problem": None,
}


def _stripped_reason(value: str) -> str:
    if any(ord(character) < 32 and character not in "\n\t" for character in value):
        raise ValueError("must not contain control characters")
    if not (stripped := value.strip()):
        raise ValueError("must not be blank")
    return stripped


Why = Annotated[
    str,
    Field(
        min_length=1,
        max_length=500,
        description="The reason, for the history.",
        examples=["Better on short texts."],
        # For the description only: the words above say it better than a pattern.
        json_schema_extra={"pattern": r"^[^\x00-\x08\x0b-\x1f]*[^\s\x00-\x1f][^\x00-\x08\x0b-\x1f]*$"},
    ),
    AfterValidator(_stripped_reason),
]
ModelId = Annotated[str, Field(description="Name and number.", examples=["opinionlens-3"])]


class OrderModel(BaseModel):
    """Base of all orders; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class FetchOrderBody(OrderModel):
    """A version to fetch from the registry."""

    model_name: Annotated[str, Field(min_length=1, max_length=255, examples=["opinionlens"])]
    model_version: Annotated[int, Field(ge=1, le=999_999_999, examples=[3])]
    set_default: bool = Field(default=False, description="Let it answer once it is here.", examples=[False])
    why: Why | None = Field(default=None, examples=["Better on short texts."])


class ChangeBody(OrderModel):
    """Why another version is to answer."""

    why: Why
    expected: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        default=None,
        description="The number of the deployment that was last when this was decided (0: none yet). "
        "If there is a later one by now, nothing changes, and the answer is 409.",
        examples=[4],
    )


class FollowBody(OrderModel):
    """Why the champion is to be followed again."""

    why: Why


class BriefModelAnswer(AnswerModel):
    """A loaded version by its name."""

    model_config = ConfigDict(json_schema_extra={"examples": [_BRIEF]})

    model_id: ModelId
    model_name: str
    model_version: int | str = Field(
        description="Of a model from a folder (`API__MODEL_PATH`), the start of its digest."
    )
    is_active: bool


class TrainingAnswer(AnswerModel):
    """Origin of a version; null where it is unknown."""

    family: str | None
    sources: list[str]
    rows: int | None
    git_commit: str | None
    run_id: str | None


class ModelAnswer(BriefModelAnswer):
    """A loaded version: verified, here, and ready to be activated."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MODEL]})

    kind: str | None
    digest: str = Field(description="SHA-256 of its manifest.")
    size_bytes: int | None
    created: str | None = Field(description="When it was registered; null if that is not known.")
    loaded_at: str | None
    status: Literal["active", "inactive"]
    scores: dict[str, float] = Field(description="Of the test split.")
    training: TrainingAnswer
    problem: str | None


class CardLimits(AnswerModel):
    """Limits on texts for the version."""

    max_text_chars: int


class SourceLicenceAnswer(AnswerModel):
    """Under which licence a source of training texts was published."""

    source: str
    licence: str
    commercial_use: Literal["allowed", "forbidden", "not_stated"]
    terms: str = Field(description="What follows from the licence.")


class ModelCardAnswer(ModelAnswer):
    """Everything that is known of a loaded version."""

    slices: dict[str, dict[str, float]] = Field(description="Scores by kind of text, where registered.")
    sources: dict[str, dict[str, float]] = Field(description="Scores by data set, where registered.")
    behaviour: dict[str, float] = Field(
        description="Shares of passed behavioural checks that a promotion asks for, where registered."
    )
    watched_behaviour: dict[str, float] = Field(
        description="Shares of passed harder checks, which no promotion asks for."
    )
    everyday: dict[str, dict[str, float]] = Field(
        description="Accuracy on everyday sentences by kind; in `all` with interval, calibration and VADER's."
    )
    lengths: dict[str, dict[str, float]] = Field(
        description="Texts of the test split by number of tokens; accuracy and ECE where there are a hundred."
    )
    other_kinds: dict[str, dict[str, float]] = Field(
        description="Scores on texts of other kinds, VADER's beside; `n` is 0 where they were not there."
    )
    speed: dict[str, float] = Field(
        description="Microseconds of processor time a text, `alone_us` and `together_us`, where it was "
        "registered: another machine takes another time."
    )
    needs: str | None = Field(
        description="The extra that serves its kind, such as `onnx`; null where the base install does."
    )
    not_trained_on: str | None = Field(
        description="A sentence on the kinds of texts and languages that its sources lack."
    )
    licences: list[SourceLicenceAnswer] = Field(description="Of the texts that it has learnt from.")
    licence_warning: str | None = Field(description="Where one of them forbids commercial use.")
    other_word_lists: bool = Field(
        description="Whether word lists of another version of OpinionLens read the texts when it was made."
    )
    limits: CardLimits
    manifest: dict[str, Any] | None = Field(
        description="Training, features, calibration and uncertainty as the artifact holds them."
    )


class DeploymentAnswer(AnswerModel):
    """The recorded fact that a version became active."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DEPLOYMENT]})

    number: int
    at: str
    by: str
    why: str
    cause: Literal["activation", "rollback", "champion"]
    model_id: ModelId
    model_name: str
    model_version: int
    digest: str
    previous: str | None = Field(description="The id of what was active before.")
    restores: int | None = Field(description="Of a rollback, the deployment that it brings back.")


class HistoryAnswer(AnswerModel):
    """Deployments, the last first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"deployments": [_DEPLOYMENT], "total": 1, "next_before": None}]}
    )

    deployments: list[DeploymentAnswer]
    total: int
    next_before: int | None = Field(description="`before` of the next page; null on the last.")


class RegisteredAnswer(AnswerModel):
    """A version of the registry, loaded here or not."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REGISTERED]})

    model_id: ModelId
    model_name: str
    model_version: int
    kind: str | None
    created: str
    run_id: str | None
    aliases: list[str]
    scores: dict[str, float]
    servable: bool
    why_not_servable: str | None
    is_loaded: bool
    is_active: bool


class RegisteredPageAnswer(AnswerModel):
    """A page of the registry's versions, by name, newest first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"versions": [_REGISTERED], "total": 1, "limit": 50, "offset": 0}]}
    )

    versions: list[RegisteredAnswer]
    total: int
    limit: int
    offset: int


class FetchAnswer(AnswerModel):
    """How far a fetch is."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FETCH]})

    fetch_id: str
    model_id: ModelId
    model_name: str
    model_version: int
    set_default: bool
    state: FetchState
    bytes_done: int
    bytes_total: int | None = Field(description="null where the registry does not say.")
    started_at: str
    ended_at: str | None
    by: str
    problem: str | None


class ModelsStatusAnswer(AnswerModel):
    """The active version and current problems."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "active": _MODEL,
                    "deployment": _DEPLOYMENT,
                    "following": True,
                    "from_folder": False,
                    "problems": [],
                    "registry_problem": None,
                    "database_problem": None,
                }
            ]
        }
    )

    active: ModelAnswer | None
    deployment: DeploymentAnswer | None
    following: bool = Field(description="A newly promoted champion becomes active by itself.")
    from_folder: bool = Field(
        description="The model of a folder is served (`API__MODEL_PATH`), and no version can be activated."
    )
    problems: list[str]
    registry_problem: str | None
    database_problem: str | None
