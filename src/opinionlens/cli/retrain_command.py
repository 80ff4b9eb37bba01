"""`opinionlens retrain`: learn from new labels."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from opinionlens.base.progress import Bars
from opinionlens.base.settings import Settings, load_settings
from opinionlens.base.urls import with_absolute_path
from opinionlens.base.wording import counted
from opinionlens.cli.app_database import open_database
from opinionlens.cli.registries import with_login
from opinionlens.jobs.retraining import Collaborators, retrain
from opinionlens.jobs.retraining_folder import RetrainingFolder
from opinionlens.jobs.retraining_result import (
    NOT_GOOD_ENOUGH,
    NOTHING_NEW,
    RetrainingOrder,
    RetrainingOutcome,
    RetrainingResult,
)
from opinionlens.jobs.stage_processes import stage_processes
from opinionlens.pipeline.params import load_params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.tracked import source_run, tracking_of
from opinionlens.registry import Registry
from opinionlens.storage import Database, retrainings
from opinionlens.storage.retrainings import Retraining

FOLDER = Path("retraining")

_STATUS = {
    RetrainingOutcome.PROMOTED: 0,
    RetrainingOutcome.PROPOSED: 0,
    RetrainingOutcome.REFUSED: NOT_GOOD_ENOUGH,
    RetrainingOutcome.NOTHING_NEW: NOTHING_NEW,
    RetrainingOutcome.TOO_LITTLE: NOTHING_NEW,
}

T = TypeVar("T")


def run_retrain(order: RetrainingOrder, *, as_json: bool) -> int:
    """Retrain in the folder `retraining/`; return the exit status.

    Raises:
        RetrainingBusy: another retraining is at work.
        OpinionLensError: as `jobs.retraining.retrain` does.
    """
    settings = load_settings()
    folder = RetrainingFolder(FOLDER.absolute())
    with folder.hold() as descriptor, _world(settings, folder, descriptor) as world:
        result = retrain(order, world)
    if as_json:
        print(json.dumps(result.as_dict(), indent=2))
    else:
        _tell(result)
    return _STATUS[result.outcome]


@contextmanager
def _world(settings: Settings, folder: RetrainingFolder, descriptor: int) -> Iterator[Collaborators]:
    mlflow = settings.mlflow

    def with_registry(work: Callable[[Registry], T]) -> T:
        return with_login(mlflow, work)

    tracking = tracking_of(mlflow)
    tracking.prepare()  # a first run makes the database that the registry is in
    with open_database() as database:
        yield Collaborators(
            project=Paths(Path.cwd()),
            folder=folder,
            with_registry=with_registry,
            run_stage=stage_processes(_stage_environment(settings), inherits=lambda: (descriptor,)),
            run_of=partial(source_run, tracking),
            database=database,
            experiment=mlflow.remote_experiment_name,
            reporter=Bars(),
            record=partial(_record, database),
        )


def _record(database: Database, result: RetrainingResult) -> None:
    name = load_params(Paths(Path.cwd()).params).promotion.model_name
    found = Retraining(
        at=result.at,
        run=result.run,
        outcome=result.outcome.value,
        model_name=name,
        model_version=result.version,
        champion_version=result.champion,
        body=result.as_dict(),
    )
    retrainings.add(database, found)


def _stage_environment(settings: Settings) -> dict[str, str]:
    """Return the settings of the stages, with absolute paths.

    A run's folder has no files of settings.
    """
    mlflow = settings.mlflow
    return {
        "ENV": "local",
        "MLFLOW__LOCAL_TRACKING_URI": with_absolute_path(mlflow.local_tracking_uri),
        "MLFLOW__LOCAL_EXPERIMENT_NAME": mlflow.local_experiment_name,
        **mlflow.tracking_login,
    }


def _tell(result: RetrainingResult) -> None:
    console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
    if result.labels:
        new, readers = result.labels["new"], result.labels["readers"]
        console.print(
            f"Labels: {new:,} new, {readers:,} more from readers, {result.labels['earlier']:,} earlier."
        )
    for reason, count in sorted(result.left_out.items()):
        console.print(f"Left out: {counted(count, 'label')}, {reason}.")
    if result.fitted:
        console.print(f"Run {result.run}, {result.fitted}.")
    for reason in result.reasons:
        console.print(f"· {reason}")
    console.print(_sentence(result))


def _sentence(result: RetrainingResult) -> str:
    match result.outcome:
        case RetrainingOutcome.PROMOTED:
            return f"Version {result.version} is the champion."
        case RetrainingOutcome.PROPOSED:
            return f"Version {result.version} is registered and proposed; the champion stays in its place."
        case RetrainingOutcome.REFUSED if result.version is not None:
            return f"Version {result.version} is registered, but not good enough to be proposed."
        case RetrainingOutcome.REFUSED:
            return "Nothing was registered; the champion stays in its place."
        case _:
            return "Nothing was trained."
