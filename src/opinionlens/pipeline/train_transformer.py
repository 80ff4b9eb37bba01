"""Stage `train_transformer`: fine-tune, export, calibrate, write and record.

An interrupted run goes on at its last checkpoint.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from opinionlens.base.extras import require_extra
from opinionlens.base.files import write_json
from opinionlens.base.progress import Reporter
from opinionlens.classifiers.onnx.onnx_classifier import OnnxModel
from opinionlens.evaluation.calibration_fit import fit_temperature
from opinionlens.features.spec import FeatureSpec
from opinionlens.pipeline.base_models import base_model
from opinionlens.pipeline.calibrating import calibrate
from opinionlens.pipeline.general_part import fit_general_at
from opinionlens.pipeline.kind_export import (
    KindTexts,
    TrainedKind,
    read_kind_texts,
    report_kind,
)
from opinionlens.pipeline.kind_params import TransformerParams, load_kind_params
from opinionlens.pipeline.kind_recording import record_kind
from opinionlens.pipeline.lineage import hash_of_files, hash_of_values
from opinionlens.pipeline.onnx_choice import ChosenExport, export_and_choose
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.reporting import rounded
from opinionlens.pipeline.splits_on_disk import read_weights
from opinionlens.pipeline.stage import run_stage
from opinionlens.pipeline.tracked import open_tracking
from opinionlens.pipeline.transformer_rows import WeightedTexts, weighted_texts
from opinionlens.pipeline.transformer_training import (
    FineTuned,
    TrainingPlan,
    fine_tune,
    forget_checkpoints,
    steps_of,
)
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import Recipe
from opinionlens.tracking.port import Run, RunStatus, Tracking

RUN_NAME = "train_transformer"
# The same name means the same data, parameters and libraries.
TRAINING_TAG = "training"
# Rounding depends on the texts that share a batch.
_TOLERANCE = 1e-4


def train_transformer(params: Params, paths: Paths, reporter: Reporter) -> None:
    """Run the stage."""
    require_extra("transformers", needed_by=f"`{RUN_NAME}`")
    require_extra("onnx", needed_by=f"`{RUN_NAME}`")
    chosen = load_kind_params(paths.kind_params).transformer
    seed = params.base.random_seed
    spec = FeatureSpec(Recipe(**params.recipe.model_dump()), word_ngrams=(1, 1))
    texts = read_kind_texts(spec, paths)
    plan = _plan(chosen, texts, paths, seed)
    tracked = open_tracking(reporter)
    with (
        tempfile.TemporaryDirectory(prefix="opinionlens-onnx-") as folder,
        tracked.tracking.start_run(
            tracked.experiment,
            RUN_NAME,
            tags={TRAINING_TAG: plan.checkpoints.name},
            resume=_unfinished_run(tracked.tracking, tracked.experiment, plan.checkpoints.name),
        ) as run,
    ):
        rows = _rows(texts, chosen, paths, seed)
        tuned = _fine_tuned(plan, rows, run, reporter)
        with reporter.track("export"):
            export = export_and_choose(tuned, rows["val"], chosen, plan.recipe, Path(folder))
        trained = _trained(tuned, export, rows, texts, chosen, params)
        recorded = record_kind(
            trained,
            texts,
            paths.transformer,
            run,
            paths,
            RUN_NAME,
            unfamiliar_confidence=params.evaluation.unfamiliar_confidence,
            seed=seed,
            metrics=_metrics_of(export),
        )
    report = report_kind(
        trained, texts, recorded.tested, seed=seed, resamples=params.evaluation.bootstrap_samples
    )
    write_json(paths.metrics / f"{RUN_NAME}.json", report | {"export": _of_export(export)})
    forget_checkpoints(plan.checkpoints)
    _tell(report["test"], export, recorded.model_id, reporter)


def _plan(chosen: TransformerParams, texts: KindTexts, paths: Paths, seed: int) -> TrainingPlan:
    """Name the training after data, parameters and libraries."""
    base, recipe = base_model(chosen.base), texts.spec.recipe
    parts = [
        hash_of_files(paths.preprocessed),
        hash_of_files(Path(base)) if Path(base).is_dir() else base,
        chosen.model_dump(exclude={"quantize", "max_f1_loss", "general_floor"}),
        recipe.identifier,
        seed,
        [version(name) for name in ("torch", "transformers")],
    ]
    return TrainingPlan(base, chosen, recipe, seed, paths.checkpoints / hash_of_values(parts)[:16])


def _rows(texts: KindTexts, chosen: TransformerParams, paths: Paths, seed: int) -> dict[str, WeightedTexts]:
    train, val = texts.splits["train"], texts.splits["val"]
    agreement = read_weights(paths.preprocessed / "train.parquet") if chosen.annotator_weights else None
    return {
        "train": weighted_texts(
            train.texts,
            train.codes,
            agreement,
            balance=chosen.class_weights,
            most=chosen.max_rows,
            seed=seed,
        ),
        "val": weighted_texts(val.texts, val.codes, None, balance=False, most=None, seed=seed),
    }


def _fine_tuned(
    plan: TrainingPlan, rows: Mapping[str, WeightedTexts], run: Run, reporter: Reporter
) -> FineTuned:
    def keep(step: int, scores: Mapping[str, float]) -> None:
        run.log_metrics({f"val_{name}": value for name, value in scores.items()}, step)

    total = steps_of(plan.params, len(rows["train"].texts))
    with reporter.track("fine-tuning", total, unit="step") as bar:
        return fine_tune(plan, rows["train"], rows["val"], bar=bar, on_scores=keep)


def _trained(
    tuned: FineTuned,
    export: ChosenExport,
    rows: Mapping[str, WeightedTexts],
    texts: KindTexts,
    chosen: TransformerParams,
    params: Params,
) -> TrainedKind:
    """Calibrate on the validation split.

    The weights were not fitted to it.
    """
    codes, general = texts.splits["val"].codes, None
    if params.training.general_expert:
        scale = fit_temperature(export.val_decisions, codes).scale[0]
        general = fit_general_at(
            texts.readings, texts.known.codes, export.val_decisions, scale, floor=chosen.general_floor
        )
    return TrainedKind(
        family="transformer",
        params={
            **chosen.model_dump(exclude={"max_rows"}),
            "rows": len(rows["train"].texts),
            "device": tuned.device,
            "steps": tuned.steps,
            "best_step": tuned.best_step,
            "bits": export.bits,
        },
        classes=LABELS,
        calibration=calibrate(
            export.val_decisions,
            codes,
            texts.readings["val"],
            LABELS,
            params.evaluation,
            general=general,
            seed=params.base.random_seed,
        ),
        test_decisions=export.box.decide_texts(texts.splits["test"].texts),
        model=partial(OnnxModel, export.model, export.tokenizer),
        calibrated_on=("val",),
        tolerance=_TOLERANCE,
        last_pieces=chosen.excerpt.last_pieces,
    )


def _metrics_of(export: ChosenExport) -> dict[str, float]:
    f1 = {f"val_macro_f1_{bits}_bits": value for bits, value in export.macro_f1.items()}
    return {"onnx_torch_difference": export.difference, **f1}


def _of_export(export: ChosenExport) -> dict[str, Any]:
    figures: dict[str, Any] = rounded(
        {
            "bits": export.bits,
            "onnx_torch_difference": export.difference,
            **{f"val_macro_f1_{bits}_bits": value for bits, value in export.macro_f1.items()},
            **{f"megabytes_{bits}_bits": round(size, 1) for bits, size in export.megabytes.items()},
        }
    )
    return figures


def _unfinished_run(tracking: Tracking, experiment: str, training: str) -> str | None:
    """Return the run that an interruption left open."""
    for record in tracking.find_runs(experiment, tags={TRAINING_TAG: training}):
        if record.status is not RunStatus.FINISHED:
            return record.id
    return None


def _tell(test: Mapping[str, Any], export: ChosenExport, model_id: str, reporter: Reporter) -> None:
    reporter.say(
        f"transformer, {export.bits} bits: macro F1 {test['macro_f1']:.4f} ({test['macro_f1_low']:.4f} to "
        f"{test['macro_f1_high']:.4f}), calibration error {test['ece']:.4f} on {test['n']} test texts. "
        f"Take it through the gate with `register_model {model_id} NAME`."
    )


def main() -> None:
    """Run the stage."""
    run_stage(train_transformer)


if __name__ == "__main__":
    main()
