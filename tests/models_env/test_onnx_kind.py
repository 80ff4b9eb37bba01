"""Kind `onnx` with the real runtime and the real tokenizers, on a tiny model made here."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from tests.models_env.tiny_onnx import VOCABULARY, table, write_model, write_tokenizer

from opinionlens.base.errors import ArtifactUnsupported, SelfTestFailed
from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import Manifest, Training
from opinionlens.classifiers.onnx.onnx_classifier import OnnxModel
from opinionlens.classifiers.onnx.onnx_session import OnnxSession
from opinionlens.classifiers.reader_weights import ReaderWeights
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.features.calibration import Calibration, Method
from opinionlens.features.spec import FeatureSpec
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES

TEXTS = (
    "The flight was good",
    "bad",
    "good good the flight",
    "",
    "@user the bad flight &amp; the bad http://t.co/x",
    "the " * 40,
    "zzxq unknown words",
    "Bad? GOOD!",
)
MANIFEST = Manifest(
    kind="onnx",
    labels=LABELS,
    features=FeatureSpec(RECIPES["social-v2"], (1, 1)),
    calibration=Calibration(Method.VECTOR, (0.9, 1.1, 1.3), (0.1, -0.2, 0.1)),
    uncertainty=Uncertainty(min_confidence=0.4),
    training=Training("transformer"),
)
WORDS = ReaderWeights(("bad", "flight", "good", "the"))


def by_hand(text: str) -> np.ndarray:
    """The sums of the table's rows over the first twelve pieces."""
    masked = text.lower().replace("&amp;", "&").replace("http://t.co/x", "http")
    cut = masked.replace("@user", "@ user").replace("!", " !").replace("?", " ?").split()
    return table()[[VOCABULARY.get(piece, 1) for piece in cut[:12]]].sum(axis=0)


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    model = OnnxModel(write_model(tmp_path / "m.onnx"), write_tokenizer(tmp_path / "t.json"), WORDS)
    write_artifact(tmp_path / "artifact", MANIFEST, model, TEXTS)
    return tmp_path / "artifact"


def test_a_loaded_artifact_answers_as_worked_out_by_hand(artifact: Path) -> None:
    classifier = load_classifier(artifact)
    assert sorted(classifier.manifest.files) == ["model.onnx", "reader.npz", "tokenizer.json"]
    expected = np.array([by_hand(text) for text in TEXTS])
    np.testing.assert_allclose(classifier.decision_values(TEXTS), expected, atol=1e-5)
    probabilities = classifier.predict_proba(TEXTS)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    for text, one in zip(TEXTS, classifier.predict_many(TEXTS), strict=True):
        assert classifier.predict(text).probabilities == pytest.approx(one.probabilities, abs=1e-6)


def test_loading_and_answering_needs_neither_torch_nor_transformers(artifact: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from opinionlens.classifiers.load import load_classifier\n"
        "classifier = load_classifier(Path(sys.argv[1]))\n"
        "classifier.predict('good'); classifier.explain('bad flight')\n"
        "print(*sorted({'torch', 'transformers', 'onnx', 'sklearn', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(artifact)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout == "onnxruntime\n"


def test_many_threads_get_the_same_answers(artifact: Path) -> None:
    classifier = load_classifier(artifact)
    expected = classifier.predict_many(TEXTS)
    with ThreadPoolExecutor(8) as pool:
        for answers in pool.map(classifier.predict_many, [TEXTS] * 40):
            assert answers == expected


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads as Linux shows them")
def test_a_session_starts_at_most_one_thread_of_its_own(artifact: Path) -> None:
    load_classifier(artifact)
    tasks = Path("/proc/self/task")
    before = len(list(tasks.iterdir()))
    sessions = [load_classifier(artifact) for _ in range(3)]
    for each in sessions:
        each.predict_many(TEXTS)
    assert len(list(tasks.iterdir())) - before <= 3


def test_an_explanation_adds_up(artifact: Path) -> None:
    explanation = load_classifier(artifact).explain("the flight was good")
    parts = {part.text: np.array(part.values) for part in explanation.by_token()}
    np.testing.assert_allclose(parts["good"], table()[VOCABULARY["good"]], atol=1e-5)
    np.testing.assert_allclose(
        sum(parts.values()) + np.array(explanation.bias), explanation.decision, atol=1e-9
    )


def test_another_model_with_the_same_checksums_fails_its_self_test(artifact: Path, tmp_path: Path) -> None:
    other = OnnxModel(write_model(tmp_path / "o.onnx", seed=1), artifact / "tokenizer.json", WORDS)
    with pytest.raises(SelfTestFailed):
        forged = load_classifier(artifact).manifest
        from opinionlens.classifiers.load import _self_test

        _self_test(other.classifier(forged))


def session_of(path: Path, classes: int = 3) -> OnnxSession:
    return OnnxSession(path.read_bytes(), classes)


def test_weights_in_another_file_are_refused(tmp_path: Path) -> None:
    model = onnx.load(write_model(tmp_path / "m.onnx"))
    onnx.save(
        model, tmp_path / "e.onnx", save_as_external_data=True, size_threshold=0, location="weights.bin"
    )
    with pytest.raises(ArtifactUnsupported, match="weights in another file"):
        session_of(tmp_path / "e.onnx")


def changed(path: Path, change: Any) -> Path:
    model = onnx.load(write_model(path))
    change(model)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("change", "because"),
    [
        (lambda model: setattr(model.graph.node[3], "domain", "ours"), "'ours.Mul'"),
        (lambda model: setattr(model.graph.node[3], "domain", "com.microsoft"), "'com.microsoft.Mul'"),
        (lambda model: model.functions.append(helper.make_function("f", "F", [], [], [], [])), "functions"),
        (lambda model: setattr(model.graph.node[3], "op_type", "NoSuch"), "cannot be loaded"),
    ],
)
def test_a_model_that_is_more_than_a_plain_graph_is_refused(
    change: Any, because: str, tmp_path: Path
) -> None:
    with pytest.raises(ArtifactUnsupported, match=because):
        session_of(changed(tmp_path / "m.onnx", change))


def test_other_inputs_are_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.onnx", inputs=("input_ids", "attention_mask", "pixel_values"))
    with pytest.raises(ArtifactUnsupported, match="other inputs"):
        session_of(path)


def test_another_number_of_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactUnsupported, match="shape"):
        session_of(write_model(tmp_path / "m.onnx"), classes=2).decision_values([[2]], 0)


def test_pieces_beyond_the_table_are_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ArtifactUnsupported, match="cannot answer"):
        session_of(write_model(tmp_path / "m.onnx")).decision_values([[999]], 0)


@pytest.mark.parametrize("content", ["", "{}", '{"model": {"type": "Nothing"}}', "\u2603" * 10])
def test_what_is_no_tokenizer_is_refused(content: str, artifact: Path) -> None:
    from opinionlens.classifiers.onnx.piece_tokenizer import read_tokenizer

    (artifact / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(ArtifactUnsupported, match="tokenizer cannot be read"):
        read_tokenizer(artifact / "tokenizer.json")
