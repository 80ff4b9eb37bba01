"""`opinionlens explain`: what decided, as a table."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from opinionlens.classifiers.explanation import Explanation
from opinionlens.cli.chosen import chosen_classifier

_COLOURS = {"NEGATIVE": "red", "NEUTRAL": "yellow", "POSITIVE": "green"}


def run_explain(text: str, *, model: str | None) -> None:
    """Print the verdict and the contributions for one text."""
    chosen = chosen_classifier(model)
    explanation = chosen.classifier.explain(text)
    console = Console()
    prediction = explanation.prediction
    doubt = f", uncertain: {prediction.reason.replace('_', ' ')}" if prediction.reason else ""
    console.print(
        Text.assemble(
            (prediction.label, f"bold {_COLOURS[prediction.label]}"),
            f"  confidence {prediction.confidence:.3f}{doubt}  ({chosen.name} {chosen.version})",
        )
    )
    console.print(contributions_table(explanation))


def contributions_table(explanation: Explanation) -> Table:
    """One row a token, the bias, and their sum: the decision value."""
    table = Table(title="Contributions to the decision value of each class", title_justify="left")
    table.add_column("token")
    for label in explanation.labels:
        table.add_column(label, justify="right")
    for token in explanation.by_token():
        table.add_row(Text(token.text), *_numbers(token.values))
    table.add_section()
    table.add_row("bias", *_numbers(explanation.bias))
    table.add_section()
    table.add_row("decision value", *_numbers(explanation.decision))
    if not explanation.exact:
        table.caption = (
            "This kind of classifier is no sum of parts: a row is what removing the token changes."
        )
    return table


def _numbers(values: tuple[float, ...]) -> list[str]:
    return [f"{value:+.3f}" for value in values]
