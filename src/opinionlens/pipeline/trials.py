"""Evaluating proposals in parallel processes.

They share the counts as memory-mapped arrays.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opinionlens.base.errors import StageFailed
from opinionlens.evaluation.scores import score
from opinionlens.families.catalogue import FAMILIES
from opinionlens.families.estimator import Estimator
from opinionlens.features.counts import Counts, stacked
from opinionlens.pipeline.study import Outcome, Proposal
from opinionlens.text.labels import Label

Codes = NDArray[np.int64]

_SET_PARENT_DEATH_SIGNAL = 1  # of linux/prctl.h

# Each process computes with one thread: more would fight over the cores, and change the order of sums.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Labelled:
    """Counts with their labels as positions in `LABELS`.

    `weights` say how much each text counts in a fit, `sources` are numbers of its source.
    """

    counts: Counts
    codes: Codes
    weights: NDArray[np.float64]
    sources: Codes

    def rows(self, index: NDArray[np.int64]) -> Labelled:
        """Return some of the rows."""
        return Labelled(self.counts.rows(index), self.codes[index], self.weights[index], self.sources[index])


def load_labelled(folder: Path) -> Labelled:
    """Return one split that `vectorize_data` wrote, memory-mapped."""
    names = ("codes", "weights", "source_codes")
    codes, weights, sources = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in names)
    return Labelled(Counts.load(folder), codes, weights, sources)


def fit(family: str, params: dict[str, Any], data: Labelled, seed: int) -> Estimator:
    """Fit one family."""
    return FAMILIES[family].fit(data.counts, data.codes, params, seed, data.weights, data.sources)


@dataclass(frozen=True)
class Workers:
    """A pool of processes with the splits in memory.

    The splits are memory-mapped.
    """

    pool: ProcessPoolExecutor
    seed: int

    def evaluate(self, proposals: Sequence[Proposal], objective: str) -> Iterator[tuple[Proposal, Outcome]]:
        """Fit each proposal on train and score on validation.

        Yields each as it is done.
        """
        waiting = {
            self.pool.submit(_validate, proposal, objective, self.seed): proposal for proposal in proposals
        }
        for future in as_completed(waiting):
            yield waiting[future], future.result()

    def out_of_fold(
        self, family: str, params: dict[str, Any], folds: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Yield decision values by models that lack the rows.

        For every row of train + validation.

        Args:
            family: of the winner.
            params: of the winner.
            folds: which fold each row of train + validation belongs to.

        Yields:
            The rows of one fold and their decision values, as each fold is done.
        """
        waiting = [
            self.pool.submit(_hold_out, family, params, folds, fold, self.seed)
            for fold in np.unique(folds).tolist()
        ]
        for future in as_completed(waiting):
            yield future.result()

    def refit(self, family: str, params: dict[str, Any]) -> Future[Estimator]:
        """Start to fit on train + validation.

        With a single thread, like every other fit.
        """
        return self.pool.submit(_refit, family, params, self.seed)


@contextmanager
def workers(vectorized: Path, *, n_jobs: int, seed: int) -> Iterator[Workers]:
    """Start worker processes that end with the block.

    At most `n_jobs`, and never more than there are cores.
    """
    count = max(1, min(n_jobs, _cores()))
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(_ONE_THREAD)  # read once by the libraries, when a child imports them
    pool = ProcessPoolExecutor(
        max_workers=count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_map_splits,
        initargs=(vectorized,),
    )
    try:
        _start(pool, count)
        yield Workers(pool, seed)
    except BrokenProcessPool as error:
        raise StageFailed(
            "A worker process ended by itself.", remedy="Was there too little memory? Try a smaller n_jobs."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _start(pool: ProcessPoolExecutor, count: int) -> None:
    """Start the processes now, ignoring Ctrl-C.

    Ctrl-C reaches the whole process group, and the parent ends the workers.
    """
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for _ in range(count):
            pool.submit(_nothing)
    finally:
        signal.signal(signal.SIGINT, handler)


def objective_value(
    codes: Codes, decisions: NDArray[np.float64], classes: tuple[Label, ...], objective: str
) -> float:
    """Return the study's objective of decision values (n, k)."""
    scores = score(codes, softmax(decisions), classes)
    return scores.accuracy if objective == "accuracy" else scores.macro_f1


def softmax(decisions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return decision values as probabilities, not calibrated."""
    exponents = np.exp(decisions - decisions.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


def stratified_folds(codes: Codes, n_folds: int, seed: int) -> NDArray[np.int64]:
    """Assign every row to a fold, by seed.

    The shares of the classes are alike in all folds.
    """
    folds = np.empty(len(codes), dtype=np.int64)
    generator = np.random.default_rng(seed)
    for code in np.unique(codes):
        rows = generator.permutation(np.flatnonzero(codes == code))
        folds[rows] = np.arange(len(rows)) % n_folds
    return folds


# --- inside a worker process ---

_splits: dict[str, Labelled] = {}


def _nothing() -> None:
    """Do nothing: a job that starts a process."""


def _map_splits(vectorized: Path) -> None:
    _end_with_parent()
    for name in ("train", "val"):
        _splits[name] = load_labelled(vectorized / name)


def _cores() -> int:
    """Return the number of cores for this process.

    As far as the system tells.
    """
    if hasattr(os, "sched_getaffinity"):  # on Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _end_with_parent() -> None:
    """Let Linux end this process when its parent is killed.

    On other systems it ends with its next job.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _train_and_val() -> Labelled:
    if "train+val" not in _splits:
        train, val = _splits["train"], _splits["val"]
        _splits["train+val"] = Labelled(
            stacked([train.counts, val.counts]),
            np.concatenate([train.codes, val.codes]),
            np.concatenate([train.weights, val.weights]),
            np.concatenate([train.sources, val.sources]),
        )
    return _splits["train+val"]


def _validate(proposal: Proposal, objective: str, seed: int) -> Outcome:
    started = time.time()
    estimator = fit(proposal.family, proposal.params, _splits["train"], seed)
    val = _splits["val"]
    decisions = estimator.decision_values(val.counts)
    # Not calibrated yet: the softmax only orders the classes, so probability scores are left out.
    scores = score(val.codes, softmax(decisions), estimator.classes)
    metrics = {
        "val_accuracy": scores.accuracy,
        "val_precision": scores.macro_precision,
        "val_recall": scores.macro_recall,
        "val_f1_score": scores.macro_f1,
    }
    value = objective_value(val.codes, decisions, estimator.classes, objective)
    return Outcome(value, metrics, started, time.time())


def _hold_out(
    family: str, params: dict[str, Any], folds: NDArray[np.int64], fold: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    data = _train_and_val()
    held_out = np.flatnonzero(folds == fold)
    estimator = fit(family, params, data.rows(np.flatnonzero(folds != fold)), seed)
    return held_out, estimator.decision_values(data.counts.rows(held_out))


def _refit(family: str, params: dict[str, Any], seed: int) -> Estimator:
    return fit(family, params, _train_and_val(), seed)
