"""Kind `fasttext` without its library: what a model is asked, and the sentence about what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tests.classifiers.test_black_box import WORDS, manifest
from tests.support.fasttext_files import LABELS, FastTextFile

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.base.files import sha256_of_file
from opinionlens.classifiers.fasttext import LineModel
from opinionlens.classifiers.linear.text_reading import Reading
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.reader_weights import ReaderWeights


def reading(*tokens: str) -> Reading:
    return Reading(" ".join(tokens), list(tokens), [], np.empty(0, np.int32), ())


def model(answers: dict[str, list[tuple[float, str]]]) -> LineModel:
    """A model that answers these lines only; any other is an error of the test."""
    return LineModel(lambda line, count, threshold, errors: answers[line][:count], LABELS)


def test_probabilities_come_in_the_order_of_the_labels():
    found = model(
        {"so good\n": [(0.7, "__label__POSITIVE"), (0.2, "__label__NEGATIVE"), (0.1, "__label__NEUTRAL")]}
    )
    decided = found.decide([reading("so", "good")])
    np.testing.assert_allclose(np.exp(decided), [[0.2, 0.1, 0.7]], atol=2e-5)


def test_what_the_library_adds_to_each_probability_is_taken_off():
    sure = [(1.00001, "__label__POSITIVE"), (1e-5, "__label__NEGATIVE"), (1e-5, "__label__NEUTRAL")]
    decided = model({"x\n": sure}).decide_lines(["x"])
    np.testing.assert_allclose(decided, [[np.log(1e-6), np.log(1e-6), 0.0]], atol=1e-9)


def test_a_line_without_a_known_word_leaves_the_model_undecided():
    decided = model({"\n": []}).decide([reading()])
    assert decided.tolist() == [[np.log(1 / 3)] * 3]


def test_line_ends_halves_of_characters_and_labels_in_a_text_do_no_harm():
    answer = [(0.5, "__label__POSITIVE"), (0.3, "__label__NEGATIVE"), (0.2, "__label__NEUTRAL")]
    decided = model({"two lines \ufffd\n": answer}).decide(
        [reading("two\nlines", "\ud83d", "__label__NEGATIVE")]
    )
    assert decided.argmax() == 2


def artifact(folder: Path, content: bytes) -> Path:
    """An artifact whose checksums are right, whatever its model is."""
    folder.mkdir()
    (folder / "model.ftz").write_bytes(content)
    ReaderWeights(WORDS).save(folder / "reader.npz")
    files = {path.name: sha256_of_file(path) for path in folder.iterdir()}
    (folder / "manifest.json").write_bytes(manifest(kind="fasttext", files=files).as_bytes())
    return folder


def test_without_the_library_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(ArtifactUnsupported) as caught:
        load_classifier(artifact(tmp_path / "a", FastTextFile().content()))
    assert caught.value.what == "A classifier of the kind 'fasttext' needs the package fasttext-numpy2."
    assert caught.value.remedy == (
        "Run `pip install 'opinionlens[fasttext]'`, or promote a model of kind 'linear'."
    )


def test_a_faulty_model_is_refused_before_the_library_is_asked(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(ArtifactUnsupported, match="it has fewer vectors than words"):
        load_classifier(artifact(tmp_path / "a", FastTextFile(rows=1).content()))


@pytest.mark.parametrize("name", ["model.ftz", "reader.npz"])
def test_an_artifact_without_one_of_its_files_is_damaged(tmp_path, name):
    folder = artifact(tmp_path / "a", FastTextFile().content())
    (folder / name).unlink()
    with pytest.raises(Exception, match=f"Missing: {name}"):
        load_classifier(folder)
