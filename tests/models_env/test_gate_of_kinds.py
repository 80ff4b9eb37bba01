"""The gate compares any two kinds on the same rows, whichever of them is the champion."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.models_env.tiny_onnx import VOCABULARY, write_model, write_tokenizer

from opinionlens.base.errors import LibraryMissing
from opinionlens.classifiers.artifact import Model, write_artifact
from opinionlens.classifiers.fasttext import FastTextModel
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import Manifest, Training
from opinionlens.classifiers.onnx.onnx_classifier import OnnxModel
from opinionlens.classifiers.reader_weights import ReaderWeights
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.evaluation.gate import Contender, GateRules
from opinionlens.families.fasttext_fit import FastTextChoice, fit_fasttext
from opinionlens.features.calibration import Calibration
from opinionlens.features.spec import FeatureSpec
from opinionlens.pipeline.promote import Evidence, PromotionResult, candidate_from, promote
from opinionlens.pipeline.row_sets import RowSet
from opinionlens.pipeline.splits_on_disk import LabelledTexts
from opinionlens.registry import MemoryRegistry
from opinionlens.registry.port import CHAMPION
from opinionlens.text.fasttext_lines import fasttext_line, labelled_line
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES

NAME = "opinionlens"
# Their calibration and what they make of typos are not the point here.
RULES = GateRules(resamples=200, max_calibration_error=0.99, behaviour_slack=1.0)
WORDS = ("bad", "flight", "good", "the")
OF_WORD = {"good": "POSITIVE", "bad": "NEGATIVE", "flight": "NEUTRAL"}
TEXTS = [f"the {word} {word} the" for _ in range(40) for word in OF_WORD]
TRUTH = [label for _ in range(40) for label in OF_WORD.values()]
SPEC = FeatureSpec(RECIPES["social-v2"], (1, 1))
KINDS = ("linear", "onnx", "fasttext")


def manifest_of(kind: str) -> Manifest:
    return Manifest(
        kind=kind,
        labels=LABELS,
        features=SPEC,
        calibration=Calibration.none(3),
        uncertainty=Uncertainty(min_confidence=0.4),
        training=Training(kind, scores={"test_f1_score": 0.9}),
    )


def write(folder: Path, kind: str, model: Model) -> Path:
    write_artifact(folder, manifest_of(kind), model, (TEXTS * 8)[:8])
    return folder


@pytest.fixture(scope="module")
def artifacts(
    tmp_path_factory: pytest.TempPathFactory, write_word_model: Callable[..., str]
) -> dict[str, Path]:
    """Of each kind an artifact that is right about every text."""
    folder = tmp_path_factory.mktemp("kinds")
    write_word_model(folder / "linear", {"good": 3.0, "bad": -3.0})
    rows = np.zeros((len(VOCABULARY), 3), dtype=np.float32)
    for word, label in OF_WORD.items():
        rows[VOCABULARY[word], LABELS.index(label)] = 2.0
    reader = ReaderWeights(WORDS)
    onnx = OnnxModel(write_model(folder / "m.onnx", rows=rows), write_tokenizer(folder / "t.json"), reader)
    write(folder / "onnx", "onnx", onnx)
    lines = [
        labelled_line(label, fasttext_line(SPEC.recipe.tokens(text)))
        for text, label in zip(TEXTS, TRUTH, strict=True)
    ]
    choice = FastTextChoice(epoch=30, lr=0.5, word_ngrams=1, dim=8, minn=0, maxn=0, bucket=1)
    write(folder / "fasttext", "fasttext", FastTextModel(fit_fasttext(lines, choice, 1_000_000, 1), reader))
    return {kind: folder / kind for kind in KINDS}


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


def through_the_gate(registry: MemoryRegistry, artifact: Path) -> PromotionResult:
    always_neutral = np.tile([0.2, 0.6, 0.2], (len(TRUTH), 1))
    evidence = Evidence(
        TEXTS,
        TRUTH,
        lambda: [Contender("zero_rule", always_neutral)],
        rows=(RowSet("sources", "tickets", LabelledTexts(TEXTS, TRUTH, ["tickets"] * len(TRUTH))),),
    )
    return promote(
        candidate_from(artifact, lambda run_id: None),
        registry,
        name=NAME,
        experiment="OpinionLens",
        evidence=evidence,
        rules=RULES,
        register_refused=True,
    )


@pytest.mark.parametrize(
    ("champion", "challenger"), [(one, other) for one in KINDS for other in KINDS if one != other]
)
def test_any_kind_may_follow_any_other(
    champion: str, challenger: str, registry: MemoryRegistry, artifacts: dict[str, Path]
) -> None:
    assert through_the_gate(registry, artifacts[champion]).promoted
    result = through_the_gate(registry, artifacts[challenger])
    assert result.decision is not None
    details = result.decision.details
    assert (details["n"], details["champion"]) == (120, "the champion (version 1)")
    (found,) = [one for one in details["findings"] if one["check"] == "macro_f1"]
    assert (found["challenger"], found["champion"]) == (1.0, 1.0)
    assert result.promoted, result.decision.reasons
    version = registry.by_alias(NAME, CHAMPION)
    assert (version.number, version.kind) == (2, challenger)
    assert '"speed":{"n":120,' in version.tags["evals"]


@pytest.mark.parametrize("challenger", ["onnx", "fasttext"])
def test_a_worse_one_of_another_kind_is_refused(
    challenger: str, registry: MemoryRegistry, artifacts: dict[str, Path], tmp_path: Path
) -> None:
    assert through_the_gate(registry, artifacts["linear"]).promoted
    wrong = {"POSITIVE": "NEGATIVE", "NEGATIVE": "POSITIVE", "NEUTRAL": "NEUTRAL"}
    reader = ReaderWeights(WORDS)
    if challenger == "onnx":
        model: Model = OnnxModel(
            write_model(tmp_path / "m.onnx"), write_tokenizer(tmp_path / "t.json"), reader
        )
    else:
        lines = [
            labelled_line(wrong[label], fasttext_line(SPEC.recipe.tokens(text)))
            for text, label in zip(TEXTS, TRUTH, strict=True)
        ]
        choice = FastTextChoice(epoch=30, lr=0.5, word_ngrams=1, dim=8, minn=0, maxn=0, bucket=1)
        model = FastTextModel(fit_fasttext(lines, choice, 1_000_000, 1), reader)
    result = through_the_gate(registry, write(tmp_path / "worse", challenger, model))
    assert result.decision is not None
    assert not result.promoted
    assert "it is worse, beyond chance" in result.decision.reasons[0]
    assert registry.by_alias(NAME, CHAMPION).number == 1


@pytest.mark.parametrize(("kind", "module"), [("onnx", "onnxruntime"), ("fasttext", "fasttext")])
def test_without_the_champions_library_one_sentence_says_what_to_install(
    kind: str,
    module: str,
    registry: MemoryRegistry,
    artifacts: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    through_the_gate(registry, artifacts[kind])
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(LibraryMissing) as caught:
        through_the_gate(registry, artifacts["linear"])
    assert caught.value.what.startswith(
        "The champion (version 1) cannot answer the texts that decide. "
        f"A classifier of the kind '{kind}' needs the package"
    )
    assert caught.value.remedy == f"Install what it needs here, too: `pip install 'opinionlens[{kind}]'`."
    assert [version.number for version in registry.versions(NAME)] == [1]
    assert load_classifier(artifacts["linear"]).manifest.kind == "linear"
