"""`opinionlens explain`: each word's contribution, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from opinionlens.classifiers.explanation import Explanation, TokenContribution
from opinionlens.classifiers.uncertainty import UNFAMILIAR_BELOW
from opinionlens.cli.chosen import chosen_classifier
from opinionlens.cli.printed_tables import LABEL_COLOURS

LISTED_TOKENS = 60


def run_explain(text: str, *, model: str | None) -> None:
    """Print the prediction for one text and its contributions."""
    chosen = chosen_classifier(model)
    explanation = chosen.classifier.explain(text)
    console = Console()
    prediction = explanation.prediction
    doubt = f", uncertain: {prediction.reason.replace('_', ' ')}" if prediction.reason else ""
    console.print(
        Text.assemble(
            (prediction.label, f"bold {LABEL_COLOURS[prediction.label]}"),
            f"  confidence {prediction.confidence:.3f}{doubt}  ({chosen.name} {chosen.version})",
        )
    )
    if explanation.share < UNFAMILIAR_BELOW:
        console.print("This text is unlike the training texts: the general word list decides.")
    console.print(contributions_table(explanation))


def contributions_table(explanation: Explanation) -> Table:
    """Return a table of contributions to the decision value.

    One row a token, in the order of the text, then the bias and the sum of all. Of a long text only the
    tokens that weigh most have a row; the others are summed up in one.
    """
    table = Table(title="Contributions to the decision value of each class", title_justify="left")
    table.add_column("token")
    for label in explanation.labels:
        table.add_column(label, justify="right")
    listed, others = _strongest(explanation.by_token(), LISTED_TOKENS)
    for token in listed:
        table.add_row(Text(token.text), *_numbers(token.values))
    if others:
        sums = tuple(map(sum, zip(*(token.values for token in others), strict=True)))
        table.add_row(f"{len(others):,} weaker tokens", *_numbers(sums), style="dim")
    table.add_section()
    table.add_row("bias", *_numbers(explanation.bias))
    table.add_section()
    table.add_row("decision value", *_numbers(explanation.decision))
    if not explanation.exact:
        table.caption = (
            "This kind of classifier is no sum of parts: a row is what removing the token changes."
        )
    return table


def _strongest(
    tokens: Sequence[TokenContribution], limit: int
) -> tuple[list[TokenContribution], list[TokenContribution]]:
    """Part the tokens into the strongest and the others.

    Both stay in the order of the text. A part that is equal for all classes decides nothing, so the spread of
    the values counts.
    """
    spread = [max(token.values) - min(token.values) for token in tokens]
    strong = set(sorted(range(len(tokens)), key=lambda index: -spread[index])[:limit])
    parts: tuple[list[TokenContribution], list[TokenContribution]] = ([], [])
    for index, token in enumerate(tokens):
        parts[index not in strong].append(token)
    return parts


def _numbers(values: tuple[float, ...]) -> list[str]:
    return [f"{value:+.3f}" for value in values]
