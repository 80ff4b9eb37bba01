"""`kinds/params.yaml` and what is refused in it, with the library's own names."""

from __future__ import annotations

from pathlib import Path

import pytest

from opinionlens.base.errors import ParamsInvalid
from opinionlens.classifiers.onnx.excerpt import Excerpt
from opinionlens.pipeline.kind_params import FastTextParams, KindParams, TransformerParams, load_kind_params

ROOT = Path(__file__).parents[2]


def load(tmp_path: Path, text: str) -> KindParams:
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    return load_kind_params(tmp_path / "params.yaml")


def test_the_files_own_values_are_the_defaults():
    assert load_kind_params(ROOT / "kinds" / "params.yaml") == KindParams()


def test_searching_has_the_second_systems_limits():
    chosen = FastTextParams()
    assert (chosen.autotune, chosen.seconds, chosen.model_size) == (True, 600, "50M")


def test_parameters_are_read_under_the_names_of_the_library(tmp_path):
    text = "fasttext: {autotuneDuration: 5, autotuneModelSize: 2m, wordNgrams: 3, lr: 1, epoch: 2, dim: 8}"
    chosen = load(tmp_path, text).fasttext
    assert (chosen.seconds, chosen.model_size, chosen.word_ngrams) == (5, "2m", 3)
    assert (chosen.lr, chosen.epoch, chosen.dim) == (1, 2, 8)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("word_ngrams: 2", "unknown key `fasttext.word_ngrams`; allowed here: autotune, autotuneDuration"),
        ("autotuneModelSize: 50", "fasttext.autotuneModelSize"),
        ("autotuneModelSize: 50MB", "must be a whole number with K, M or G behind it"),
        ("autotuneModelSize: 0M", "must be a whole number with K, M or G behind it"),
        ("autotuneDuration: 0", "fasttext.autotuneDuration"),
        ("epoch: 0", "fasttext.epoch"),
        ("epoch: '5'", "fasttext.epoch"),
        ("lr: 0", "fasttext.lr"),
        ("lr: .nan", "fasttext.lr"),
        ("wordNgrams: 11", "fasttext.wordNgrams"),
        ("dim: 0", "fasttext.dim"),
        ("bucket: 999", "fasttext.bucket"),
        ("{minn: 4, maxn: 3}", "minn must not be above maxn, not 4 and 3"),
    ],
)
def test_other_keys_and_values_are_refused_with_their_line(tmp_path, line, told):
    text = f"# a comment\nfasttext:\n  {line}\n" if line[0] != "{" else f"\nfasttext: {line}\n"
    with pytest.raises(ParamsInvalid) as caught:
        load(tmp_path, text)
    assert told in str(caught.value)
    assert "line " in str(caught.value)


def test_a_transformer_may_cost_half_a_point_where_it_is_made_small():
    assert TransformerParams().max_f1_loss == 0.005
    assert TransformerParams().max_pieces == 128


def test_three_of_four_pieces_are_from_the_end_of_a_longer_text():
    assert TransformerParams().excerpt == Excerpt(128, 96)
    assert TransformerParams(ending_share=0.0).excerpt == Excerpt(128, 0)
    assert TransformerParams(max_pieces=10, ending_share=0.9).excerpt == Excerpt(10, 9)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("base: ''", "transformer.base"),
        ("max_pieces: 1025", "transformer.max_pieces"),
        ("ending_share: 1.0", "transformer.ending_share"),
        ("attention_dropout: 1.0", "transformer.attention_dropout"),
        ("max_rows: 0", "transformer.max_rows"),
        ("patience: 0", "transformer.patience"),
        ("warmup_share: 1.0", "transformer.warmup_share"),
        ("mixed_precision: fp8", "transformer.mixed_precision"),
        ("general_floor: 1.5", "transformer.general_floor"),
        ("lr: 0.1", "unknown key `transformer.lr`; allowed here: annotator_weights, attention_dropout, base"),
    ],
)
def test_other_values_for_a_transformer_are_refused_with_their_line(tmp_path, line, told):
    with pytest.raises(ParamsInvalid) as caught:
        load(tmp_path, f"transformer:\n  {line}\n")
    assert told in str(caught.value)
    assert "line 2" in str(caught.value)


def test_words_without_parts_need_no_lengths():
    assert FastTextParams(minn=3, maxn=0).maxn == 0
