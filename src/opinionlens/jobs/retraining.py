"""A retraining: new labels, the pipeline, the gate, a record."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from opinionlens.base.errors import PromotionRefused, VersionNotFound
from opinionlens.base.files import write_json
from opinionlens.base.progress import Reporter
from opinionlens.classifiers.manifest import Training
from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.datasets.finding import Places
from opinionlens.evaluation.gate import GateDecision, GateRules
from opinionlens.jobs.label_intake import EARLIER, READERS, TRUSTED, choose
from opinionlens.jobs.new_labels import (
    LabelledText,
    digest_of,
    labels_of_feedback,
    labels_of_file,
    write_rows,
)
from opinionlens.jobs.retraining_decision import decide_apart, new_test_rows, old_test_rows
from opinionlens.jobs.retraining_folder import ROWS, RetrainingFolder, RunFolder
from opinionlens.jobs.retraining_plan import Fitting, fitting_for, old_texts, take_fetched, write_project
from opinionlens.jobs.retraining_result import (
    RetrainingOrder,
    RetrainingOutcome,
    RetrainingResult,
    result_from,
)
from opinionlens.jobs.stage_processes import RunStage
from opinionlens.pipeline.evidence import gather_evidence
from opinionlens.pipeline.lineage import hash_of_code, hash_of_files
from opinionlens.pipeline.origin import origin_of
from opinionlens.pipeline.params import Params, load_params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.promote import (
    REASONS_TAG,
    Candidate,
    Evidence,
    Pairing,
    PromotionResult,
    candidate_from,
    promote,
)
from opinionlens.pipeline.splits_on_disk import read_labelled_texts
from opinionlens.registry import Registry, SourceRun, Version
from opinionlens.registry.port import CHAMPION
from opinionlens.storage import Database, StorageError
from opinionlens.text.labels import Label

_STAGES = ("preprocess_data", "vectorize_data", "tune_sklearn")
_RECORDED = "recorded"

T = TypeVar("T")


class WithRegistry(Protocol):
    """Does some work with the registry, opened for it."""

    def __call__(self, work: Callable[[Registry], T]) -> T:
        """Return the result of the work."""


@dataclass(frozen=True)
class Collaborators:
    """The tools of a retraining.

    Attributes:
        project: the places of the project.
        folder: where runs are kept.
        with_registry: opens the registry.
        run_stage: runs a stage of the pipeline in a folder.
        run_of: looks up the tracked run of a classifier.
        database: the app's; None where no feedback is taken.
        experiment: the registry's experiment.
        reporter: shows progress.
        record: keeps a finished retraining for the history; may be asked again for the same run.
    """

    project: Paths
    folder: RetrainingFolder
    with_registry: WithRegistry
    run_stage: RunStage
    run_of: Callable[[str], SourceRun | None]
    database: Database | None
    experiment: str
    reporter: Reporter
    record: Callable[[RetrainingResult], None] = lambda result: None


@dataclass(frozen=True)
class _Champion:
    version: Version
    training: Training | None


@dataclass(frozen=True)
class _NewLabels:
    """All labels at hand, and those learnt already."""

    rows: list[LabelledText]
    known: Mapping[str, Label]

    @property
    def has_new(self) -> bool:
        return any(self.known.get(row.key) is not row.label for row in self.rows)


@dataclass(frozen=True)
class _Counts:
    labels: Mapping[str, int]
    left_out: Mapping[str, int]

    @property
    def new(self) -> int:
        return self.labels["new"] + self.labels["readers"]


def retrain(order: RetrainingOrder, world: Collaborators) -> RetrainingResult:
    """Retrain on new labels; promote only a real gain.

    The caller holds the lock of the folder. After an interruption the same call goes on.

    Raises:
        StageFailed: a stage failed, or the time is over.
        OpinionLensError: as reading and registering do.
    """
    deadline = time.monotonic() + order.seconds
    _record_missing(world)
    params = load_params(world.project.params)
    champion = world.with_registry(partial(_champion, name=params.promotion.model_name))
    made_champion = world.folder.run_of(champion.version.digest if champion else None)
    if champion and made_champion and made_champion.outcome is None:
        return _ended(made_champion, _was_crowned(made_champion, champion.version), champion, world)
    labels = _gather(order, world, made_champion)
    if not labels.has_new:
        return _nothing_new(made_champion)
    fitting = fitting_for(champion.training if champion else None, params, order.trials)
    run = world.folder.open_run(_digest(labels, params, order, world.project), hash_of_code())
    earlier = run.outcome
    if earlier is not None and (order.propose or earlier["outcome"] != RetrainingOutcome.PROPOSED):
        return _nothing_new(run)
    world.folder.drop_unfinished(run)
    counts = _prepared(run, labels, params, fitting, world, deadline)
    if counts.new < order.least:
        run.delete()
        return _too_few(counts, order.least)
    for stage in _STAGES:
        _do(run, stage, world, deadline)
    result = _through_the_gate(run, counts, fitting, champion, order, world)
    return _ended(run, result, champion, world)


def _ended(
    run: RunFolder, result: RetrainingResult, champion: _Champion | None, world: Collaborators
) -> RetrainingResult:
    run.finish(result.as_dict(), keep_splits=result.outcome is RetrainingOutcome.PROPOSED)
    run.unmark(_RECORDED)
    note = _recorded(run, result, world)
    world.folder.tidy({result.artifact, champion.version.digest if champion else None})
    return result if note is None else replace(result, reasons=(*result.reasons, note))


def _record_missing(world: Collaborators) -> None:
    """Record runs that ended while the database was away."""
    for run in world.folder.runs():
        if not run.has_done(_RECORDED) and run.outcome is not None:
            _recorded(run, result_from(run.outcome), world)


def _recorded(run: RunFolder, result: RetrainingResult, world: Collaborators) -> str | None:
    """Record a run, or return the reason why not."""
    try:
        world.record(result)
    except StorageError as error:
        return f"It is not on /admin/history yet ({error.what}); the next retraining records it"
    run.mark_done(_RECORDED)
    return None


def _champion(registry: Registry, *, name: str) -> _Champion | None:
    """Return the champion and how it was fitted."""
    try:
        version = registry.by_alias(name, CHAMPION)
    except VersionNotFound:
        return None
    if not version.servable:
        return _Champion(version, None)
    with tempfile.TemporaryDirectory(prefix="opinionlens-champion-") as folder:
        artifact = registry.download(version, Path(folder) / "artifact")
        return _Champion(version, read_manifest(artifact).manifest.training)


def _was_crowned(run: RunFolder, version: Version) -> RetrainingResult:
    """Return the result of a run interrupted after promotion."""
    counts = _read_counts(run)
    try:
        reasons = tuple(map(str, json.loads(version.tags.get(REASONS_TAG, "[]"))))
    except ValueError:  # cut off at the longest tag
        reasons = ()
    note = "The run was interrupted after its version had become the champion"
    return RetrainingResult(
        RetrainingOutcome.PROMOTED,
        run.name,
        (note, *reasons),
        labels=counts.labels,
        left_out=counts.left_out,
        version=version.number,
        artifact=version.digest,
    )


def _gather(order: RetrainingOrder, world: Collaborators, made_champion: RunFolder | None) -> _NewLabels:
    """Read all labels, those of the champion's files first."""
    earlier = world.folder.rows_of(made_champion)
    rows = [row for row in earlier if row.text]
    for file in order.files:
        rows += labels_of_file(file)
    if order.feedback and world.database is not None:
        rows += labels_of_feedback(world.database)
    return _NewLabels(rows, {row.key: row.label for row in earlier})


def _digest(labels: _NewLabels, params: Params, order: RetrainingOrder, project: Paths) -> str:
    """Return the digest of the data and its parameters."""
    raw = project.raw(params.data.raw_dir)
    used = params.model_dump(mode="json", include={"base", "data", "preprocessing", "recipe", "features"})
    return digest_of(labels.rows, used, order.trials, hash_of_files(raw) if raw.is_dir() else "")


def _prepared(
    run: RunFolder,
    labels: _NewLabels,
    params: Params,
    fitting: Fitting,
    world: Collaborators,
    deadline: float,
) -> _Counts:
    """Choose the new labels and write the run's project."""
    if run.has_done("intake"):
        return _read_counts(run)
    none: dict[str, tuple[LabelledText, ...]] = dict.fromkeys((EARLIER, TRUSTED, READERS), ())
    write_project(run.path, world.project, params, fitting, none)
    if not take_fetched(run.path, world.project, params):
        _do(run, "fetch_data", world, deadline)
    raw = world.project.raw(params.data.raw_dir)
    places = Places(raw=raw, fetched=Paths(run.path).fetched)
    intake = choose(labels.rows, labels.known, old_texts(params, places, world.reporter))
    write_project(run.path, world.project, params, fitting, intake.rows)
    write_rows(run.path / ROWS, [row for rows in intake.rows.values() for row in rows])
    names = {"new": TRUSTED, "readers": READERS, "earlier": EARLIER}
    counts = {name: len(intake.rows[source]) for name, source in names.items()}
    write_json(run.path / "counts.json", {"labels": counts, "left_out": dict(intake.left_out)})
    run.mark_done("intake")
    return _read_counts(run)


def _read_counts(run: RunFolder) -> _Counts:
    content = json.loads((run.path / "counts.json").read_text(encoding="utf-8"))
    return _Counts(content["labels"], content["left_out"])


def _do(run: RunFolder, stage: str, world: Collaborators, deadline: float) -> None:
    """Run a stage unless it is done."""
    if run.has_done(stage):
        return
    with world.reporter.track(stage):
        world.run_stage(stage, run.path, deadline)
    run.mark_done(stage)


def _through_the_gate(
    run: RunFolder,
    counts: _Counts,
    fitting: Fitting,
    champion: _Champion | None,
    order: RetrainingOrder,
    world: Collaborators,
) -> RetrainingResult:
    """Compare with the champion, and promote or propose."""
    paths = Paths(run.path)
    params = load_params(paths.params)
    origin = origin_of(paths.classifier, paths.tuned)
    candidate = candidate_from(paths.classifier, world.run_of, run_id=origin.run_id if origin else None)
    run.note_artifact(candidate.digest)
    test = read_labelled_texts(paths.preprocessed / "test.parquet")
    evidence = gather_evidence(
        paths,
        params,
        trained_on=candidate.classifier.manifest.training.sources,
        reporter=world.reporter,
        test=old_test_rows(test),
    )
    decisions: list[GateDecision] = []
    decide = decide_apart(new_test_rows(test, trust_readers=order.trust_readers))

    def decide_on(pairing: Pairing, evidence: Evidence, rules: GateRules) -> GateDecision:
        decisions.append(decide(pairing, evidence, rules))
        return decisions[-1]

    def work(registry: Registry) -> PromotionResult:
        return promote(
            candidate,
            registry,
            name=params.promotion.model_name,
            experiment=world.experiment,
            evidence=evidence,
            rules=_rules(params),
            decide_on=decide_on,
            propose=order.propose,
        )

    common = partial(
        RetrainingResult,
        run=run.name,
        labels=counts.labels,
        left_out=counts.left_out,
        champion=champion.version.number if champion else None,
        artifact=candidate.digest,
        fitted=fitting.words,
    )
    try:
        promotion = world.with_registry(work)
    except PromotionRefused as refused:
        details = decisions[-1].details if decisions else {}
        return common(RetrainingOutcome.REFUSED, reasons=tuple(refused.reasons), details=details)
    return _told(promotion, candidate, common)


def _told(
    promotion: PromotionResult, candidate: Candidate, common: Callable[..., RetrainingResult]
) -> RetrainingResult:
    decision, number = promotion.decision, promotion.version.number
    if decision is None:
        words = f"The new classifier is the same as version {number}, the champion"
        return common(RetrainingOutcome.REFUSED, reasons=(words,), version=number)
    outcome = (
        RetrainingOutcome.PROMOTED
        if promotion.promoted
        else RetrainingOutcome.PROPOSED
        if decision.passed
        else RetrainingOutcome.REFUSED
    )
    return common(outcome, reasons=decision.reasons, version=number, details=decision.details)


def _rules(params: Params) -> GateRules:
    return GateRules(
        margin=params.promotion.tolerance,
        max_calibration_error=params.promotion.max_calibration_error,
        resamples=params.evaluation.bootstrap_samples,
        seed=params.base.random_seed,
    )


def _nothing_new(run: RunFolder | None) -> RetrainingResult:
    if run is None:
        return RetrainingResult(RetrainingOutcome.NOTHING_NEW, "", ("There are no new labels",))
    at = str((run.outcome or {}).get("at", ""))[:16].replace("T", " ")
    return RetrainingResult(
        RetrainingOutcome.NOTHING_NEW, run.name, (f"Nothing new since run {run.name} of {at} UTC",)
    )


def _too_few(counts: _Counts, least: int) -> RetrainingResult:
    words = f"{counts.new} new labels can take part; {least} are needed"
    return RetrainingResult(
        RetrainingOutcome.TOO_LITTLE, "", (words,), labels=counts.labels, left_out=counts.left_out
    )
