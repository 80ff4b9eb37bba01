"""Fine-tuning a Transformer with the Trainer of Hugging Face.

The only module that knows torch's and the Trainer's way of training; both are imported on use.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opinionlens.base.errors import StageFailed
from opinionlens.base.progress import Task
from opinionlens.classifiers.onnx.excerpt import Excerpt
from opinionlens.evaluation.scores import score
from opinionlens.features.calibration import Calibration
from opinionlens.pipeline.kind_params import TransformerParams
from opinionlens.pipeline.transformer_rows import WeightedTexts
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import Recipe

OnScores = Callable[[int, Mapping[str, float]], None]
_OBJECTIVE = "macro_f1"
# As the architectures call it.
_ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")


@dataclass(frozen=True, eq=False)
class FineTuned:
    """A fine-tuned model with its tokenizer.

    Attributes:
        model: a sequence-classification model of transformers, on the processor.
        tokenizer: of the same library.
        device: where it was trained, with the numbers' format.
        steps: of the optimizer, as far as training went.
        best_step: the step whose weights these are.
    """

    model: Any
    tokenizer: Any
    device: str
    steps: int
    best_step: int


@dataclass(frozen=True)
class TrainingPlan:
    """The things that fine-tuning begins with.

    Attributes:
        base: a folder or a name on the hub.
        recipe: decodes texts before they are cut into pieces.
        seed: of weights, draws and order.
        checkpoints: a folder that outlives an interrupted run; its own steps are continued.
    """

    base: str
    params: TransformerParams
    recipe: Recipe
    seed: int
    checkpoints: Path


def fine_tune(
    plan: TrainingPlan,
    train: WeightedTexts,
    val: WeightedTexts,
    *,
    bar: Task,
    on_scores: OnScores,
) -> FineTuned:
    """Fine-tune, and return the weights with the best macro F1.

    Args:
        plan: model, parameters and places.
        train: rows to learn from.
        val: rows to choose by.
        bar: advances with each step.
        on_scores: told the step and the validation scores of each evaluation.

    Raises:
        StageFailed: the base cannot be loaded.
    """
    from transformers import DataCollatorWithPadding, EarlyStoppingCallback, PrinterCallback, set_seed
    from transformers.utils import logging

    logging.disable_progress_bar()  # the stage shows its own
    logging.set_verbosity_error()
    set_seed(plan.seed)
    tokenizer, model = _loaded(plan)
    data = {name: _encoded(tokenizer, rows, plan) for name, rows in (("train", train), ("val", val))}
    trainer = _trainer_class()(
        model=model,
        args=_arguments(plan, len(train.texts)),
        train_dataset=data["train"],
        eval_dataset=data["val"],
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=_validation_scores,
        callbacks=[
            EarlyStoppingCallback(early_stopping_patience=plan.params.patience),
            _progress_class()(bar, on_scores),
        ],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=_last_checkpoint(plan.checkpoints))
    best = trainer.state.best_model_checkpoint or ""
    precision = "bf16" if trainer.args.bf16 else "fp16" if trainer.args.fp16 else "fp32"
    # Mixed precision wraps the model, and would round it in the exported file, too.
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return FineTuned(
        model=model.to("cpu").float().eval(),
        tokenizer=tokenizer,
        device=f"{trainer.args.device.type}, {precision}",
        steps=int(trainer.state.global_step),
        best_step=int(best.rpartition("-")[2] or trainer.state.global_step),
    )


def steps_of(params: TransformerParams, rows: int) -> int:
    """Return the optimizer's steps of the whole training."""
    return math.ceil(rows / params.batch_size) * params.epochs


def forget_checkpoints(checkpoints: Path) -> None:
    """Remove the checkpoints of a finished training."""
    shutil.rmtree(checkpoints, ignore_errors=True)


def _loaded(plan: TrainingPlan) -> tuple[Any, Any]:
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    names = [label.value for label in LABELS]
    try:
        tokenizer = AutoTokenizer.from_pretrained(plan.base, use_fast=True, trust_remote_code=False)
        config = AutoConfig.from_pretrained(
            plan.base,
            num_labels=len(LABELS),
            id2label=dict(enumerate(names)),
            label2id={name: number for number, name in enumerate(names)},
            trust_remote_code=False,
        )
        for name in _ATTENTION_DROPOUT:
            if hasattr(config, name):
                setattr(config, name, plan.params.attention_dropout)
        model = AutoModelForSequenceClassification.from_pretrained(
            plan.base,
            config=config,
            ignore_mismatched_sizes=True,
            trust_remote_code=False,
            use_safetensors=True,
        )
    except (OSError, ValueError, ImportError) as error:
        first = str(error).strip().partition("\n")[0]
        raise StageFailed(
            f"The base model cannot be loaded: {first}",
            where=plan.base,
            remedy="Name a folder, a model of the hub or `package:NAME` under `transformer.base`.",
        ) from error
    return tokenizer, model


def _encoded(tokenizer: Any, rows: WeightedTexts, plan: TrainingPlan) -> list[dict[str, Any]]:  # noqa: ANN401
    pieces = _pieces(tokenizer, rows.texts, plan.recipe, plan.params.excerpt)
    return [
        {**one, "labels": int(code), "weights": float(weight)}
        for one, code, weight in zip(pieces, rows.codes, rows.weights, strict=True)
    ]


def _pieces(tokenizer: Any, texts: Sequence[str], recipe: Recipe, excerpt: Excerpt) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return the model's inputs for each text, by name."""
    found = tokenizer(
        [excerpt.readable(text, recipe) for text in texts],
        truncation=not excerpt.last_pieces,
        max_length=excerpt.most_pieces,
    )
    names = [name for name in tokenizer.model_input_names if name in found]
    return [{name: excerpt.cut(found[name][row]) for name in names} for row in range(len(texts))]


def _arguments(plan: TrainingPlan, rows: int) -> Any:  # noqa: ANN401 - TrainingArguments
    import torch
    from transformers import TrainingArguments

    params = plan.params
    steps = steps_of(params, rows)
    every = max(1, steps // params.epochs // params.evaluations_per_epoch)
    on_gpu = torch.cuda.is_available()
    bf16 = params.mixed_precision == "bf16" or (
        params.mixed_precision == "auto" and on_gpu and torch.cuda.is_bf16_supported()
    )
    return TrainingArguments(
        output_dir=str(plan.checkpoints),
        num_train_epochs=params.epochs,
        per_device_train_batch_size=params.batch_size,
        per_device_eval_batch_size=4 * params.batch_size,
        learning_rate=params.learning_rate,
        weight_decay=params.weight_decay,
        warmup_steps=round(params.warmup_share * steps),
        train_sampling_strategy="group_by_length",
        bf16=bf16,
        use_cpu=bf16 and not on_gpu,  # the library refuses bfloat16 elsewhere unless it is told
        fp16=params.mixed_precision == "auto" and on_gpu and not bf16,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model=_OBJECTIVE,
        greater_is_better=True,
        logging_strategy="steps",
        logging_steps=every,
        remove_unused_columns=False,
        dataloader_pin_memory=on_gpu,
        report_to=[],
        disable_tqdm=True,
        seed=plan.seed,
        data_seed=plan.seed,
    )


def _last_checkpoint(folder: Path) -> str | None:
    from transformers.trainer_utils import get_last_checkpoint

    return get_last_checkpoint(str(folder)) if folder.is_dir() else None


def _validation_scores(answers: Any) -> dict[str, float]:  # noqa: ANN401 - an EvalPrediction
    decisions = np.asarray(answers.predictions, dtype=np.float64)
    return scores_of(decisions, np.asarray(answers.label_ids, dtype=np.int64))


def scores_of(decisions: NDArray[np.float64], codes: NDArray[np.int64]) -> dict[str, float]:
    """Return macro F1 and others of decision values (n, k)."""
    found = score(codes, Calibration.none(decisions.shape[1]).apply(decisions))
    return {
        _OBJECTIVE: found.macro_f1,
        "accuracy": found.accuracy,
        "log_loss": found.log_loss,
        **{f"per_class_{one.label.lower()}_f1": one.f1 for one in found.per_class if one.f1 is not None},
    }


def _trainer_class() -> Any:  # noqa: ANN401 - a class made on use, because its base is imported on use
    import torch
    from transformers import Trainer

    class WeightedTrainer(Trainer):  # type: ignore[misc]
        """A Trainer with a weight for each text."""

        def compute_loss(
            self,
            model: Any,  # noqa: ANN401
            inputs: dict[str, Any],
            return_outputs: bool = False,
            num_items_in_batch: Any = None,  # noqa: ANN401
        ) -> Any:  # noqa: ANN401
            inputs = dict(inputs)
            labels, weights = inputs.pop("labels"), inputs.pop("weights")
            outputs = model(**inputs)
            losses = torch.nn.functional.cross_entropy(outputs.logits.float(), labels, reduction="none")
            loss = (losses * weights).mean()
            return (loss, {"logits": outputs.logits}) if return_outputs else loss

    return WeightedTrainer


def _progress_class() -> Any:  # noqa: ANN401 - as above
    from transformers import TrainerCallback

    class Progress(TrainerCallback):  # type: ignore[misc]
        """A callback that shows and passes on the progress."""

        def __init__(self, bar: Task, on_scores: OnScores) -> None:
            self.bar, self.on_scores = bar, on_scores

        def on_train_begin(self, args: object, state: Any, control: object, **rest: object) -> None:  # noqa: ANN401
            self.bar.advance(state.global_step)  # of the run before, where one was interrupted

        def on_step_end(self, args: object, state: Any, control: object, **rest: object) -> None:  # noqa: ANN401
            self.bar.advance()

        def on_evaluate(
            self,
            args: object,
            state: Any,  # noqa: ANN401
            control: object,
            metrics: Mapping[str, float],
            **rest: object,
        ) -> None:
            found = {
                name.removeprefix("eval_"): value
                for name, value in metrics.items()
                if name.startswith("eval_") and not name.endswith(("runtime", "_per_second"))
            }
            self.bar.note(f"validation macro F1 {found[_OBJECTIVE]:.4f}")
            self.on_scores(int(state.global_step), found)

    return Progress


def decision_values(
    tuned: FineTuned, texts: Sequence[str], recipe: Recipe, excerpt: Excerpt
) -> NDArray[np.float64]:
    """Return the model's own decision values (n, k), by torch."""
    import torch

    found = []
    with torch.inference_mode():
        for pieces in _pieces(tuned.tokenizer, texts, recipe, excerpt):
            one = {name: torch.tensor([numbers]) for name, numbers in pieces.items()}
            found.append(tuned.model(**one).logits[0].numpy())
    return np.array(found, dtype=np.float64)
