"""The model card: an artifact described for its readers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from opinionlens.classifiers.manifest import Manifest
from opinionlens.datasets.catalogue import CARDS
from opinionlens.datasets.licences import licences_of, warning_of
from opinionlens.evaluation.intervals import wilson
from opinionlens.hub.port import MODEL_FOLDER

# Of the test split, as the artifact's manifest names them.
SCORE = "test_f1_score"
_ACCURACY, _ROWS = "test_accuracy", "test_n"
_LANGUAGE_CODES = {"English": "en"}
_FIGURES = (
    ("macro F1", SCORE),
    ("accuracy", _ACCURACY),
    ("area under the ROC curve", "test_roc_auc"),
    ("calibration error (ECE)", "test_ece"),
    ("log loss", "test_log_loss"),
    ("F1 of NEGATIVE", "test_per_class_negative_f1"),
    ("F1 of NEUTRAL", "test_per_class_neutral_f1"),
    ("F1 of POSITIVE", "test_per_class_positive_f1"),
)


@dataclass(frozen=True)
class CardFacts:
    """The facts that a card is made of.

    Attributes:
        manifest: of the artifact.
        digest: SHA-256 of the manifest.
        tag: of the commit that will hold it.
        repository: its name on the hub.
        macro_f1_interval: 95 % interval of the macro F1, where it is known.
    """

    manifest: Manifest
    digest: str
    tag: str
    repository: str
    macro_f1_interval: tuple[float, float] | None = None


def model_card(facts: CardFacts) -> str:
    """Return the card as Markdown with front matter."""
    title = facts.repository.rpartition("/")[2]
    parts = [
        _front_matter(facts, title),
        f"# {title}",
        f"Sentiment of English texts in three classes ({_labels(facts.manifest)}), a model of OpinionLens "
        f"(kind `{facts.manifest.kind}`). The folder `{MODEL_FOLDER}` is its artifact: data only, nothing is "
        "pickled.",
        "## How to load it",
        _loading(facts),
        "## Scores",
        _scores(facts),
        "## What it has learnt from",
        _sources(facts.manifest),
        "## Limits",
        _limits(facts.manifest),
        "## Origin",
        "\n".join(f"- {name}: `{value}`" for name, value in _origin(facts)),
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(facts: CardFacts, title: str) -> str:
    """Return the hub's metadata; JSON is YAML, too."""
    scores = facts.manifest.training.scores
    metrics = [
        {"type": kind, "name": name, "value": scores[key]}
        for kind, name, key in (("f1", "macro F1", SCORE), ("accuracy", "accuracy", _ACCURACY))
        if key in scores
    ]
    fields: dict[str, object] = {
        "license": "other",
        "library_name": "opinionlens",
        "pipeline_tag": "text-classification",
        "tags": ["sentiment-analysis", "opinionlens"],
    }
    if languages := _languages(facts.manifest):
        fields["language"] = languages
    if metrics:
        result = {
            "task": {"type": "text-classification", "name": "Sentiment in three classes"},
            "dataset": {"type": "held-out", "name": "test split of its own sources"},
            "metrics": metrics,
        }
        fields["model-index"] = [{"name": title, "results": [result]}]
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    return "\n".join(["---", *lines, "---"])


def _languages(manifest: Manifest) -> list[str]:
    languages = {card.language for source in manifest.training.sources if (card := CARDS.get(source))}
    return sorted(_LANGUAGE_CODES[name] for name in languages if name in _LANGUAGE_CODES)


def _labels(manifest: Manifest) -> str:
    return ", ".join(label.value for label in manifest.labels)


def _loading(facts: CardFacts) -> str:
    extra = {"fasttext": "[fasttext]", "onnx": "[onnx]"}.get(facts.manifest.kind, "")
    return f"""```python
# pip install 'opinionlens{extra}' huggingface-hub
from huggingface_hub import snapshot_download
import opinionlens

folder = snapshot_download(
    "{facts.repository}", revision="{facts.tag}", allow_patterns="{MODEL_FOLDER}/*", local_dir="downloaded"
)
model = opinionlens.load(f"{{folder}}/{MODEL_FOLDER}")
model.predict("Great service, I love it.")
```

Loading checks every file against the manifest, and the manifest's SHA-256 is:

    {facts.digest}"""


def _scores(facts: CardFacts) -> str:
    scores = facts.manifest.training.scores
    rows = int(scores.get(_ROWS, 0))
    if not rows or SCORE not in scores:
        return "None are recorded in the artifact."
    intervals = _intervals(facts, scores, rows)
    lines = [
        f"On {rows:,} texts of the test split, which served neither training nor choice. Intervals: 95 %.",
        "",
        "| measure | value | interval |",
        "|---|---|---|",
    ]
    for name, key in _FIGURES:
        if key in scores:
            low_high = intervals.get(key)
            shown = f"{low_high[0]:.4f} to {low_high[1]:.4f}" if low_high else "–"
            lines.append(f"| {name} | {scores[key]:.4f} | {shown} |")
    return "\n".join(lines)


def _intervals(facts: CardFacts, scores: Mapping[str, float], rows: int) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    if facts.macro_f1_interval is not None:
        found[SCORE] = facts.macro_f1_interval
    if _ACCURACY in scores:
        right = wilson(round(scores[_ACCURACY] * rows), rows)
        found[_ACCURACY] = (right.low, right.high)
    return found


def _sources(manifest: Manifest) -> str:
    licences = licences_of(manifest.training.sources)
    if not licences:
        return "The artifact does not say."
    lines = [f"{manifest.training.rows:,} texts.", ""]
    lines += ["| source | licence | commercial use | what follows |", "|---|---|---|---|"]
    for each in licences:
        card = CARDS.get(each.source)
        name = f"[{card.title}]({card.source_url})" if card else f"`{each.source}`"
        use = each.commercial_use.value.replace("_", " ")
        cells = (text.replace("|", "\\|") for text in (name, each.licence, use, each.terms))
        lines.append(f"| {' | '.join(cells)} |")
    if warning := warning_of(licences):
        lines += ["", f"**{warning}**"]
    return "\n".join(lines)


def _limits(manifest: Manifest) -> str:
    genres = sorted(
        {
            card.genre.value
            for source in manifest.training.sources
            if (card := CARDS.get(source)) and card.genre
        }
    )
    known = f" It has seen {', '.join(genres)}; expect less on other kinds of text." if genres else ""
    return (
        "English only. An answer is marked `uncertain` where its confidence is low or the text is foreign to "
        f"the model: let a person decide there.{known} It says nothing about truth, irony or intent."
    )


def _origin(facts: CardFacts) -> Iterator[tuple[str, str]]:
    training, lineage = facts.manifest.training, facts.manifest.lineage
    yield "family", training.family
    for name, value in (
        ("data", lineage.data_hash),
        ("commit of the code", lineage.git_commit),
        ("version of the code", lineage.code_version),
        ("run", lineage.run_id),
    ):
        if value:
            yield name, value
    yield "tag", facts.tag
