"""The end of every stage of a heavier kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opinionlens.pipeline.kind_export import KindTested, KindTexts, TrainedKind, score_kind, write_kind
from opinionlens.pipeline.lineage import git_commit, hash_of_files
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.pictures import evaluation_pictures, keep_pictures
from opinionlens.registry.port import COMMIT_TAG
from opinionlens.tracking.port import Run

MODEL_NAME = "classifier"


@dataclass(frozen=True)
class RecordedKind:
    """A written and recorded model: its scores and its id."""

    tested: KindTested
    model_id: str


def record_kind(
    trained: TrainedKind,
    texts: KindTexts,
    folder: Path,
    run: Run,
    paths: Paths,
    run_name: str,
    *,
    unfamiliar_confidence: float,
    seed: int,
    metrics: Mapping[str, float] | None = None,
) -> RecordedKind:
    """Score on the test split, write and record.

    Args:
        trained: the model.
        texts: the splits.
        folder: the artifact's place.
        run: of the tracking; it gets parameters, metrics, pictures and the model.
        paths: of the project.
        run_name: names the folder of the pictures.
        unfamiliar_confidence: below this, answers to texts unlike these are uncertain.
        seed: of the drift reference.
        metrics: the stage's own, beside those of the test split.

    Raises:
        StageFailed: the artifact answers otherwise than the model that it was made from.
    """
    tested = score_kind(trained, texts)
    data_hash = hash_of_files(paths.preprocessed)
    write_kind(
        folder, trained, texts, tested, data_hash, unfamiliar_confidence=unfamiliar_confidence, seed=seed
    )
    pictures = evaluation_pictures(tested.scores, texts.splits["test"].codes, tested.probabilities)
    keep_pictures(pictures, paths.figures / run_name, run)
    if (commit := git_commit(paths.root)) is not None:
        run.set_tags({COMMIT_TAG: commit})
    run.log_params({"family": trained.family, **trained.params})
    run.log_metrics({**tested.scores.as_metrics("test"), **(metrics or {})})
    return RecordedKind(tested, run.log_classifier(folder, MODEL_NAME))
