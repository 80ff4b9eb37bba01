"""The classifier around the model: order, bounds, reasons, explanations. The model itself is a double here;
tests/models_env has a real one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.support.onnx_files import model as onnx_file

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.black_box import BlackBoxClassifier
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import Manifest, SelfTestCase, Training
from opinionlens.classifiers.onnx import onnx_session, piece_tokenizer
from opinionlens.classifiers.onnx.onnx_classifier import OnnxBox
from opinionlens.classifiers.onnx.piece_tokenizer import PieceTokenizer
from opinionlens.classifiers.reader_weights import ReaderWeights
from opinionlens.classifiers.uncertainty import UncertainReason, Uncertainty
from opinionlens.features.calibration import Calibration
from opinionlens.features.spec import FeatureSpec
from opinionlens.text.labels import LABELS, Label
from opinionlens.text.recipe import RECIPES

VOCABULARY = {"[PAD]": 0, "[UNK]": 1, "good": 2, "bad": 3, "flight": 4, "the": 5, "@user": 6, "http": 7}
# Per piece: negative, neutral, positive.
VALUES = np.array([(0, 0, 0), (0, 1, 0), (0, 0, 4), (4, 0, 0), (0, 0.5, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)])


class WordPieces:
    """A tokenizer of whole words, with the part of the library's interface that is used."""

    def __init__(self, most: int = 6, direction: str = "right") -> None:
        self.truncation: dict[str, Any] | None = {"max_length": most, "direction": direction}
        self.padding = {"pad_id": 0}
        self.seen: list[str] = []

    def no_padding(self) -> None:
        self.padding = {}

    def no_truncation(self) -> None:
        self.truncation = None

    def encode(self, text: str) -> SimpleNamespace:
        self.seen.append(text)
        ids = [VOCABULARY.get(word, 1) for word in text.lower().split()]
        return SimpleNamespace(ids=[5, *ids][: self.truncation["max_length"] if self.truncation else None])


class Sums:
    """A model that adds up values of pieces."""

    classes = 3

    def __init__(self, *, mixes_texts: bool = False) -> None:
        self.mixes_texts = mixes_texts
        self.batches: list[list[int]] = []

    def decision_values(self, pieces: Sequence[Sequence[int]], padding: int) -> np.ndarray:
        assert padding == 0
        self.batches.append([len(row) for row in pieces])
        return np.array([VALUES[list(row)].sum(axis=0) for row in pieces])


def manifest_of(**changes: Any) -> Manifest:
    fields = {
        "kind": "onnx",
        "labels": LABELS,
        "features": FeatureSpec(RECIPES["social-v2"], (1, 1)),
        "calibration": Calibration.none(3),
        "uncertainty": Uncertainty(min_confidence=0.5, min_known_share=0.5, scripts=("latin",)),
        "training": Training("transformer"),
    }
    return Manifest(**(fields | changes))


@pytest.fixture
def session() -> Sums:
    return Sums()


WORDS = ReaderWeights(("bad", "flight", "good", "the"))


def joined(session: Sums, tokenizer: WordPieces, **changes: Any) -> BlackBoxClassifier:
    manifest = manifest_of(**changes)
    box = OnnxBox(session, PieceTokenizer(tokenizer, manifest.last_pieces), manifest.features.recipe)
    return BlackBoxClassifier(manifest, box, WORDS.reader(manifest))


@pytest.fixture
def classifier(session: Sums) -> BlackBoxClassifier:
    return joined(session, WordPieces())


def test_answers_keep_their_order_whatever_the_lengths(classifier: BlackBoxClassifier, session: Sums) -> None:
    texts = ["the the the bad flight", "good", "", "bad flight", "@you good http://x.org"]
    expected = np.array([(4, 0.5, 0), (0, 0, 4), (0, 0, 0), (4, 0.5, 0), (0, 0, 4)])
    np.testing.assert_allclose(classifier.decision_values(texts), expected)
    assert sorted(length for batch in session.batches for length in batch) == [1, 2, 3, 4, 6]
    odds = np.exp(expected)
    np.testing.assert_allclose(classifier.predict_proba(texts), odds / odds.sum(axis=1, keepdims=True))
    for text, prediction in zip(texts, classifier.predict_many(texts), strict=True):
        assert classifier.predict(text) == prediction


def test_no_texts_no_answers(classifier: BlackBoxClassifier) -> None:
    assert classifier.predict_proba([]).shape == (0, 3)
    assert classifier.predict_many([]) == []


def test_a_run_of_the_model_is_bounded(classifier: BlackBoxClassifier, session: Sums) -> None:
    classifier.decision_values(["the the the the the"] * 400)
    assert [max(batch) * len(batch) <= 1_024 for batch in session.batches] == [True] * 3
    assert sum(map(len, session.batches)) == 400


def test_where_texts_of_a_batch_would_mix_each_has_its_own() -> None:
    session = Sums(mixes_texts=True)
    joined(session, WordPieces()).decision_values(["good", "bad", "", "the flight"])
    assert session.batches == [[1], [2], [2], [3]]


def test_the_rest_of_a_long_text_is_not_read(classifier: BlackBoxClassifier) -> None:
    # Of six pieces the first is the tokenizer's own.
    assert classifier.predict("flight " * 5 + "bad") == classifier.predict("flight " * 5 + "bad bad")
    assert classifier.predict("flight " * 4 + "bad").label is Label.NEGATIVE


def test_the_end_of_a_long_text_is_read_where_the_manifest_says_so(session: Sums) -> None:
    text = "flight good " + "the " * 50 + "bad bad"
    beginning = joined(session, WordPieces(most=6)).predict(text)
    both = joined(session, WordPieces(most=6), last_pieces=3).predict(text)
    assert (beginning.label, both.label) == (Label.POSITIVE, Label.NEGATIVE)
    assert session.batches[-1] == [6]


@pytest.mark.parametrize("last_pieces", [-1, 6, 7])
def test_the_last_pieces_must_be_some_of_those_that_are_read(last_pieces: int) -> None:
    with pytest.raises(ArtifactUnsupported, match=rf"Of 6 pieces {last_pieces} cannot be the last"):
        PieceTokenizer(WordPieces(most=6), last_pieces)


def test_only_the_beginning_of_a_book_reaches_the_tokenizer(session: Sums) -> None:
    tokenizer = WordPieces(most=6)
    joined(session, tokenizer).decision_values(["a" * 1_000_000])
    assert [len(text) for text in tokenizer.seen] == [192]


def test_a_half_character_is_replaced(session: Sums) -> None:
    tokenizer = WordPieces()
    joined(session, tokenizer).decision_values(["good \ud83d flight"])
    assert tokenizer.seen == ["good ? flight"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("good flight", None),
        ("flight", UncertainReason.LOW_CONFIDENCE),
        (" \u200b ", UncertainReason.EMPTY_TEXT),
        ("gut Flug spät heute", UncertainReason.FOREIGN_TEXT),
        ("хороший рейс", UncertainReason.FOREIGN_TEXT),
    ],
)
def test_an_uncertain_answer_says_why(
    classifier: BlackBoxClassifier, text: str, reason: UncertainReason | None
) -> None:
    assert classifier.predict(text).reason is reason


def test_a_prediction_names_the_recipes_tokens(classifier: BlackBoxClassifier) -> None:
    assert classifier.predict("Good, @you!").tokens == "good <user> !"


def test_an_explanation_shows_the_words_that_count(classifier: BlackBoxClassifier) -> None:
    explanation = classifier.explain("the flight was good")
    values = {part.text: part.values for part in explanation.by_token()}
    assert not explanation.exact
    assert values["good"] == pytest.approx((0, 0, 4))
    assert values["flight"] == pytest.approx((0, 0.5, 0))
    total = np.array(explanation.bias) + sum(np.array(part.values) for part in explanation.by_token())
    assert tuple(total) == pytest.approx(explanation.decision)
    assert explanation.prediction == classifier.predict("the flight was good")


@pytest.mark.parametrize(
    "truncation",
    [
        None,
        {"max_length": 0, "direction": "right"},
        {"max_length": 1_025, "direction": "right"},
        {"max_length": 128, "direction": "left"},
    ],
)
def test_a_tokenizer_must_say_how_much_it_reads(truncation: dict[str, Any] | None) -> None:
    tokenizer = WordPieces()
    tokenizer.truncation = truncation
    with pytest.raises(ArtifactUnsupported, match="must cut the end of a text"):
        PieceTokenizer(tokenizer)


def artifact_in(folder: Path, onnx: bytes = b"", tokenizer: str = "{}") -> Path:
    """An artifact with checksums that hold."""
    (folder / "model.onnx").write_bytes(onnx)
    (folder / "tokenizer.json").write_text(tokenizer)
    WORDS.save(folder / "reader.npz")
    files = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    written = manifest_of(files=files, self_test=(SelfTestCase("good", (0.2, 0.2, 0.6)),))
    (folder / "manifest.json").write_bytes(written.as_bytes())
    return folder


@pytest.mark.parametrize("package", ["tokenizers", "onnxruntime"])
def test_a_missing_library_is_one_sentence(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = SimpleNamespace(Tokenizer=SimpleNamespace(from_str=lambda text: WordPieces()))
    monkeypatch.setitem(sys.modules, "tokenizers", present)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ArtifactUnsupported) as caught:
        load_classifier(artifact_in(tmp_path, onnx_file()))
    assert caught.value.what == f"A classifier of the kind 'onnx' needs the package {package}."
    assert str(caught.value.remedy).startswith("Run `pip install 'opinionlens[onnx]'`")


def test_a_hostile_file_is_refused_before_any_library_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = SimpleNamespace(Tokenizer=SimpleNamespace(from_str=lambda text: WordPieces()))
    monkeypatch.setitem(sys.modules, "tokenizers", present)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ArtifactUnsupported, match="functions or training steps"):
        load_classifier(artifact_in(tmp_path, onnx_file((25, b""))))


def test_a_damaged_tokenizer_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> None:
        raise Exception("missing field `model`")

    damaged = SimpleNamespace(Tokenizer=SimpleNamespace(from_str=fail))
    monkeypatch.setitem(sys.modules, "tokenizers", damaged)  # type: ignore[arg-type]
    with pytest.raises(ArtifactUnsupported, match="tokenizer cannot be read: missing field"):
        load_classifier(artifact_in(tmp_path))


def test_files_larger_than_their_limits_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_session, "MAX_MODEL_BYTES", 10)
    monkeypatch.setattr(piece_tokenizer, "MAX_TOKENIZER_BYTES", 10)
    (tmp_path / "file").write_bytes(b"x" * 11)
    monkeypatch.setitem(sys.modules, "tokenizers", SimpleNamespace())  # type: ignore[arg-type]
    with pytest.raises(ArtifactUnsupported, match="larger than 10 bytes"):
        onnx_session.read_model_bytes(tmp_path / "file")
    with pytest.raises(ArtifactUnsupported, match="larger than 10 bytes"):
        piece_tokenizer.read_tokenizer(tmp_path / "file")
