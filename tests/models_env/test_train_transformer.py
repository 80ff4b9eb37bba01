"""The whole stage on a tiny Transformer with random weights, made here."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import polars as pl
import pytest
from onnx import numpy_helper

from opinionlens.base.errors import StageFailed
from opinionlens.base.progress import Quiet
from opinionlens.classifiers.load import load_classifier
from opinionlens.pipeline import onnx_choice, train_distilled
from opinionlens.pipeline import train_transformer as stage
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.tracked import Tracked
from opinionlens.tracking.memory import MemoryTracking
from opinionlens.tracking.port import RunStatus

GOOD = ("great", "love", "lovely", "happy", "excellent")
BAD = ("awful", "hate", "terrible", "worst", "broken")
PLAIN = ("tuesday", "gate", "parcel", "invoice", "update")
# Said of two equal distributions, whose distance the profile then takes as 0.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt:RuntimeWarning")
# It writes a line for each step of an export if anything listens, as pytest does.
logging.getLogger("torch.__trace").disabled = True
WORDS = {"POSITIVE": GOOD, "NEGATIVE": BAD, "NEUTRAL": PLAIN}


def write_base(folder: Path) -> Path:
    """A BERT of one small layer, and a tokenizer of whole words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, set_seed

    words = [word for group in WORDS.values() for word in group]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "item", "the", "and", *words]
    numbers = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
    set_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        num_labels=2,  # of another task: the head is made anew
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def write_split(path: Path, rows: int, start: int) -> None:
    texts, labels = [], []
    for number in range(start, start + rows):
        label = list(WORDS)[number % 3]
        words = WORDS[label]
        texts.append(f"item {number} {words[number % 5]} {'the ' * (number % 7)}{words[(number + 1) % 5]}")
        labels.append(label)
    path.parent.mkdir(parents=True, exist_ok=True)
    confidence = [1.0 if number % 2 else 0.6 for number in range(rows)]
    pl.DataFrame({"text": texts, "label": labels, "source": "words", "confidence": confidence}).write_parquet(
        path
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base"))


def make_project(root: Path, base: Path, **changed: object) -> Paths:
    paths = Paths(root)
    for name, rows, start in (("train", 360, 0), ("val", 120, 1_000), ("test", 120, 2_000)):
        write_split(paths.preprocessed / f"{name}.parquet", rows, start)
    chosen = {
        "base": str(base),
        "max_pieces": 16,
        "epochs": 10,
        "batch_size": 16,
        "learning_rate": 0.003,
        "patience": 20,
        **changed,
    }
    paths.kind_params.parent.mkdir(parents=True)
    paths.kind_params.write_text(json.dumps({"transformer": chosen}))
    return paths


@dataclass
class Trained:
    paths: Paths
    tracking: MemoryTracking
    report: dict[str, Any]
    export_arguments: tuple[Any, ...]


def run(paths: Paths) -> dict[str, Any]:
    stage.train_transformer(Params(), paths, Quiet())
    return json.loads((paths.metrics / "train_transformer.json").read_text())


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """The stage, run once."""
    paths, tracking = make_project(tmp_path_factory.mktemp("project"), base), MemoryTracking()
    arguments: list[tuple[Any, ...]] = []

    def export(*given: Any) -> Any:
        arguments.append(given)
        return onnx_choice.export_and_choose(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "open_tracking", lambda reporter: Tracked(tracking, "words"))
        patch.setattr(stage, "export_and_choose", export)
        report = run(paths)
    yield Trained(paths, tracking, report, arguments[0])


def test_it_learns_and_writes_an_artifact_that_serves(trained: Trained) -> None:
    assert trained.report["test"]["n"] == 120
    assert trained.report["test"]["macro_f1"] > 0.95
    assert trained.report["export"]["onnx_torch_difference"] < 1e-3
    classifier = load_classifier(trained.paths.transformer)
    manifest = classifier.manifest
    assert (manifest.kind, manifest.training.family, manifest.training.params["rows"]) == (
        "onnx",
        "transformer",
        360,
    )
    assert sorted(manifest.files) == ["model.onnx", "reader.npz", "reference.json", "tokenizer.json"]
    texts = ["item the lovely", "item broken the worst", "item gate"]
    assert [one.label.value for one in classifier.predict_many(texts)] == ["POSITIVE", "NEGATIVE", "NEUTRAL"]
    explanation = classifier.explain("item the lovely")
    assert max(explanation.by_token(), key=lambda part: part.values[2]).text == "lovely"
    assert list(trained.paths.checkpoints.iterdir()) == []


def test_both_ends_of_a_long_text_are_read(trained: Trained) -> None:
    classifier = load_classifier(trained.paths.transformer)
    assert classifier.manifest.last_pieces == 12

    def decide(beginning: str, middle: str, end: str) -> list[float]:
        text = f"{beginning} {'the ' * 30}{middle}{' the' * 30} {end}"
        return classifier.own_decision_values([text])[0].tolist()

    praise = decide("item", "the", "lovely lovely lovely")
    assert praise[2] > decide("item", "the", "worst worst worst")[2] + 0.5
    assert praise == decide("item", "worst", "lovely lovely lovely")
    assert praise != decide("worst", "the", "lovely lovely lovely")


def test_no_part_of_the_attention_is_left_out_in_training(trained: Trained) -> None:
    config = trained.export_arguments[0].model.config
    assert (config.attention_probs_dropout_prob, config.hidden_dropout_prob) == (0.0, 0.1)


def test_one_text_is_answered_as_among_many(trained: Trained) -> None:
    classifier = load_classifier(trained.paths.transformer)
    texts = ["item the lovely", "worst", "", "gate " * 50, "zzz", "item and the and broken"]
    for text, one in zip(texts, classifier.predict_many(texts), strict=True):
        assert classifier.predict(text).probabilities == pytest.approx(one.probabilities, abs=1e-6)


def test_the_run_is_recorded(trained: Trained) -> None:
    (record,) = trained.tracking.find_runs("words")
    assert (record.name, record.status) == ("train_transformer", RunStatus.FINISHED)
    assert (record.params["epochs"], record.params["device"]) == ("10", "cpu, fp32")
    expected = {"val_macro_f1", "val_per_class_neutral_f1", "test_f1_score", "test_per_class_negative_f1"}
    assert expected <= set(record.metrics)
    assert {path.name for path in trained.paths.figures.rglob("*.png")} == {
        "confusion_matrix.png",
        "roc_curve.png",
        "calibration_curve.png",
    }


def test_a_small_model_is_taken_where_it_is_as_good(trained: Trained) -> None:
    export = trained.report["export"]
    assert export["bits"] == 8
    assert export["val_macro_f1_8_bits"] >= export["val_macro_f1_32_bits"] - 0.005


def test_a_small_model_that_is_worse_is_not_taken(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def spoilt(model: Path, into: Path) -> Path:
        content = onnx.load(model)
        for tensor in content.graph.initializer:
            if tensor.data_type == onnx.TensorProto.FLOAT:
                zeros = np.zeros_like(numpy_helper.to_array(tensor))
                tensor.CopyFrom(numpy_helper.from_array(zeros, tensor.name))
        onnx.save(content, into)
        return into

    monkeypatch.setattr(onnx_choice, "quantize", spoilt)
    export = onnx_choice.export_and_choose(*trained.export_arguments[:-1], tmp_path)
    assert export.bits == 32
    assert export.model.name == "model.onnx"
    assert export.macro_f1[8] < export.macro_f1[32] - 0.005


def test_an_exported_model_that_answers_otherwise_stops_the_stage(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = onnx_choice.decision_values
    monkeypatch.setattr(onnx_choice, "decision_values", lambda *given: real(*given) + 0.01)
    with pytest.raises(StageFailed, match=r"0\.01 beside the one that was trained"):
        onnx_choice.export_and_choose(*trained.export_arguments[:-1], tmp_path)


def test_an_interrupted_training_goes_on_at_its_last_checkpoint(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bar(Quiet):
        steps: list[float]

        def advance(self, amount: float = 1) -> None:
            self.steps.append(amount)
            if len(self.steps) == self.last:
                raise KeyboardInterrupt

        def track(self, *given: Any, **named: Any) -> Any:
            return Quiet.track(self, *given, **named)

    paths, tracking = make_project(tmp_path, base), MemoryTracking()
    monkeypatch.setattr(stage, "open_tracking", lambda reporter: Tracked(tracking, "words"))
    bar = Bar()
    bar.steps, bar.last = [], 32  # of 230 steps; a checkpoint is written every 11
    with pytest.raises(KeyboardInterrupt):
        stage.train_transformer(Params(), paths, bar)
    (folder,) = paths.checkpoints.iterdir()
    assert sorted(one.name for one in folder.iterdir()) == ["checkpoint-11", "checkpoint-22"]
    bar.steps, bar.last = [], 0
    stage.train_transformer(Params(), paths, bar)
    assert bar.steps[0] == 22
    (record,) = tracking.find_runs("words")
    assert record.status is RunStatus.FINISHED


def test_it_teaches_a_linear_model(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, tracking = trained.paths, MemoryTracking()
    monkeypatch.setattr(train_distilled, "open_tracking", lambda reporter: Tracked(tracking, "words"))
    train_distilled.train_distilled(Params(), paths, Quiet())
    report = json.loads((paths.metrics / "train_distilled.json").read_text())
    assert report["teaching"]["val_macro_f1_teacher"] > 0.95
    assert report["test"]["macro_f1"] > 0.95
    assert load_classifier(paths.distilled).manifest.training.params["teacher"] == "objects/transformer"


def test_half_precision_is_for_processors_too(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, tracking = make_project(tmp_path, base, mixed_precision="bf16"), MemoryTracking()
    monkeypatch.setattr(stage, "open_tracking", lambda reporter: Tracked(tracking, "words"))
    assert run(paths)["test"]["macro_f1"] > 0.95
    (record,) = tracking.find_runs("words")
    assert record.params["device"] == "cpu, bf16"


def test_a_base_that_is_no_model_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text("{}")
    paths = make_project(tmp_path, tmp_path / "base")
    monkeypatch.setattr(stage, "open_tracking", lambda reporter: Tracked(MemoryTracking(), "words"))
    with pytest.raises(StageFailed, match="base model cannot be loaded"):
        run(paths)
