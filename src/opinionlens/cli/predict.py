"""`opinionlens predict`: predictions for a text or a file's rows."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from opinionlens.base.errors import InputError, TableInvalid
from opinionlens.base.progress import Bars
from opinionlens.base.wording import counted
from opinionlens.bulk import BatchReport, predict_rows
from opinionlens.classifiers.prediction import Prediction
from opinionlens.classifiers.uncertainty import UNCERTAIN_SENTENCES
from opinionlens.cli.chosen import Chosen, chosen_classifier
from opinionlens.cli.printed_tables import LABEL_COLOURS
from opinionlens.cli.telling import tell
from opinionlens.tabular.formats import ENDINGS, PACKINGS, format_of, stem_of
from opinionlens.tabular.opening import check_plain_file
from opinionlens.tabular.packing import content_format
from opinionlens.text.labels import LABELS

_IF_TEXT = "If it is a text, give `-` in its place and the text on standard input."
_FILE_ENDINGS = (*ENDINGS, *PACKINGS)
# A path from a root, a home or a folder, or one word with an ending, such as sheet.xlsx.
_PATH = re.compile(r"(?:~?/|\.{1,2}[/\\]|[A-Za-z]:\\)\S+|(?:[\w-]+[/\\])*[\w-]+\.[A-Za-z]\w{0,5}")


@dataclass(frozen=True)
class FileOptions:
    """The options of `predict` that only a file has."""

    text_column: str | None = None
    out: Path | None = None
    strict: bool = False
    spreadsheet_safe: bool = False

    @property
    def given(self) -> tuple[str, ...]:
        """The given options, by their names on the command line."""
        names = (each.name for each in fields(self) if getattr(self, each.name) != each.default)
        return tuple(f"--{name.replace('_', '-')}" for name in names)


def names_file(argument: str, options: FileOptions) -> bool:
    """Tell whether the argument can only be a file.

    Raises:
        InputError: options for files were given, and there is no such file.
    """
    if _exists(argument):
        return True
    if given := options.given:
        raise InputError(
            f"{' and '.join(given)} can only be used with a file, and there is none of that name.",
            where=argument,
            remedy="Check the path; for a text leave them out.",
        )
    return argument.lower().endswith(_FILE_ENDINGS) or _PATH.fullmatch(argument) is not None


def _exists(argument: str) -> bool:
    try:
        return bool(argument) and Path(argument).exists()
    except (OSError, ValueError):  # a text: too long for a name, or with characters that no name has
        return False


def predict_text(text: str, *, model: str | None, as_json: bool) -> None:
    """Print a text's prediction, in words or as JSON."""
    chosen = chosen_classifier(model)
    prediction = chosen.classifier.predict(text)
    if as_json:
        print(json.dumps(_fields(prediction, chosen)))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        Text.assemble(
            (prediction.label, f"bold {LABEL_COLOURS[prediction.label]}"),
            f"  confidence {prediction.confidence:.3f}  ({chosen.name} {chosen.version})",
        )
    )
    shares = (f"{label.lower()} {p:.3f}" for label, p in zip(LABELS, prediction.probabilities, strict=True))
    console.print("Probabilities: " + ", ".join(shares))
    if prediction.reason:
        console.print(f"Uncertain: {UNCERTAIN_SENTENCES[prediction.reason]}", style="yellow")


def _fields(prediction: Prediction, chosen: Chosen) -> dict[str, Any]:
    """Return the prediction with the field names of the API."""
    return {
        "prediction": prediction.label.value,
        "confidence": prediction.confidence,
        "probabilities": dict(zip((label.value for label in LABELS), prediction.probabilities, strict=True)),
        "uncertain": prediction.uncertain,
        "reason": prediction.reason and prediction.reason.value,
        "model": {"name": chosen.name, "version": chosen.version},
    }


def predict_file(file: Path, options: FileOptions, *, model: str | None, as_json: bool = False) -> int:
    """Write a file's rows with predictions; return the exit status.

    Without `out` the current folder gets NAME.scored.EXT, in the input's format. The input's own folder may
    be one that only its owner changes, as `data/raw` is.

    Raises:
        InputError: it is no file that can be read, or the options are for texts.
    """
    if as_json:
        raise InputError(
            "--json is for one text; the predictions for a file go into a file.",
            remedy="For JSON lines name it with --out, for example --out predictions.jsonl.",
        )
    _check_input(file)
    chosen = chosen_classifier(model)
    target = options.out or Path(
        f"{stem_of(file)}.scored{content_format(file).ending}{format_of(file).packing}"
    )
    report = predict_rows(
        chosen.classifier,
        file,
        target,
        text_column="text" if options.text_column is None else options.text_column,
        model_name=chosen.name,
        model_version=chosen.version,
        spreadsheet_safe=options.spreadsheet_safe,
        reporter=Bars(),
    )
    _print_report(report, chosen, target)
    return 1 if options.strict and report.errors else 0


def _check_input(file: Path) -> None:
    try:
        check_plain_file(file)
        format_of(file)
    except TableInvalid as error:
        error.remedy = f"{error.remedy} {_IF_TEXT}"
        raise


def _print_report(report: BatchReport, chosen: Chosen, target: Path) -> None:
    rows, predicted = counted(report.rows, "row"), report.rows - report.errors
    tell(f"{rows}, {predicted:,} predicted with {chosen.name} {chosen.version} → {target}")
    for reason, count in report.by_reason.items():
        tell(f"{count:,} not predicted: {reason}", style="yellow")
    for note in report.notes:
        tell(note, style="yellow")
