"""Stage `train_fasttext`: search, fit, calibrate, write and record.

Parameters are searched for with fastText's autotune, and taken if they are better than those of
`kinds/params.yaml`. One that is named on the command line (`--epoch`, `--lr`, `--wordNgrams`, `--dim`), or
`autotune: false` in that file, switches the search off.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from opinionlens.base.errors import ParamsInvalid
from opinionlens.base.extras import require_extra
from opinionlens.base.files import write_json
from opinionlens.base.progress import Reporter
from opinionlens.classifiers.fasttext import FastTextModel, model_from
from opinionlens.evaluation.confusion import confusion_table, macro_f1
from opinionlens.families.fasttext_fit import FastTextChoice, bytes_of, fit_fasttext, search_choice
from opinionlens.features.spec import FeatureSpec
from opinionlens.pipeline.calibrating import calibrate
from opinionlens.pipeline.fit_processes import FitProcesses, fit_processes
from opinionlens.pipeline.general_part import fit_general
from opinionlens.pipeline.kind_export import (
    KindTexts,
    TrainedKind,
    read_kind_texts,
    report_kind,
)
from opinionlens.pipeline.kind_params import FastTextParams, load_kind_params
from opinionlens.pipeline.kind_recording import record_kind
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.stage import run_stage
from opinionlens.pipeline.text_readings import TextReading
from opinionlens.pipeline.tracked import open_tracking
from opinionlens.pipeline.trials import stratified_folds
from opinionlens.text.fasttext_lines import fasttext_line, labelled_line
from opinionlens.text.labels import LABELS, Label
from opinionlens.text.recipe import Recipe

RUN_NAME = "train_fasttext"


def train_fasttext(
    params: Params, paths: Paths, reporter: Reporter, *, by_hand: Mapping[str, Any] | None = None
) -> None:
    """Run the stage.

    Args:
        params: of the project.
        paths: of the project.
        reporter: shows progress.
        by_hand: parameters of `FastTextParams` by name; with any, nothing is searched for.
    """
    require_extra("fasttext", needed_by=f"`{RUN_NAME}`")
    chosen = _with(load_kind_params(paths.kind_params).fasttext, by_hand or {})
    seed = params.base.random_seed
    spec = FeatureSpec(Recipe(**params.recipe.model_dump()), word_ngrams=(1, 1))
    texts = read_kind_texts(spec, paths)
    tracked = open_tracking(reporter)
    with (
        fit_processes(max(1, min(params.training.n_jobs, os.cpu_count() or 1))) as fits,
        tracked.tracking.start_run(tracked.experiment, RUN_NAME) as run,
    ):
        choice = _choice(chosen, texts, fits, seed, reporter)
        trained = _fit(choice, bytes_of(chosen.model_size), texts, fits, params, reporter)
        recorded = record_kind(
            trained,
            texts,
            paths.fasttext,
            run,
            paths,
            RUN_NAME,
            unfamiliar_confidence=params.evaluation.unfamiliar_confidence,
            seed=seed,
        )
    report = report_kind(
        trained, texts, recorded.tested, seed=seed, resamples=params.evaluation.bootstrap_samples
    )
    write_json(paths.metrics / f"{RUN_NAME}.json", report)
    _tell(report["test"], recorded.model_id, reporter)


def _with(chosen: FastTextParams, by_hand: Mapping[str, Any]) -> FastTextParams:
    """Return the parameters with those of the command line."""
    if not by_hand:
        return chosen
    given = chosen.model_dump(by_alias=True) | {"autotune": False, **by_hand}
    try:
        return FastTextParams.model_validate(given)
    except ValidationError as error:
        faults = [
            f"--{fault['loc'][0]}: {fault['msg']} (found {fault['input']!r})" for fault in error.errors()
        ]
        raise ParamsInvalid("; ".join(faults), where="the command line") from error


def _choice(
    chosen: FastTextParams, texts: KindTexts, fits: FitProcesses, seed: int, reporter: Reporter
) -> FastTextChoice:
    """Return the parameters of the file or a better search.

    A short search may find less than the file has; and it compares by accuracy, not by macro F1.
    """
    of_file = FastTextChoice(
        chosen.epoch,
        float(chosen.lr),
        chosen.word_ngrams,
        chosen.dim,
        chosen.minn,
        chosen.maxn,
        chosen.bucket,
    )
    if not chosen.autotune:
        return of_file
    train, val = (_labelled(texts, name) for name in ("train", "val"))
    search = partial(search_choice, seconds=chosen.seconds, threads=os.cpu_count() or 1, seed=seed)
    with reporter.track(f"autotune, {chosen.seconds} seconds"):
        found = fits.run(search, train, val)
    calls = [(train, one, bytes_of(chosen.model_size), seed) for one in (found, of_file)]
    classes, truth = _classes(texts), texts.splits["val"].codes
    with reporter.track("comparing with the parameters of the file", len(calls), unit="fit") as bar:
        scores = []
        for content in fits.run_each(fit_fasttext, calls):
            decided = _decisions(content, texts.readings["val"], classes)
            predicted = np.array([LABELS.index(classes[column]) for column in decided.argmax(axis=1)])
            scores.append(float(macro_f1(confusion_table(truth, predicted))))
            bar.advance()
    better = found if scores[0] > scores[1] else of_file
    reporter.say(f"validation macro F1: {scores[0]:.4f} by autotune, {scores[1]:.4f} by the file")
    return better


def _classes(texts: KindTexts) -> tuple[Label, ...]:
    """Return the labels that occur, in the order of `LABELS`."""
    codes = texts.known.codes
    return tuple(label for code, label in enumerate(LABELS) if code in codes)


def _fit(
    choice: FastTextChoice,
    most_bytes: int,
    texts: KindTexts,
    fits: FitProcesses,
    params: Params,
    reporter: Reporter,
) -> TrainedKind:
    """Fit on train and validation, and calibrate out of fold."""
    seed, known = params.base.random_seed, texts.known
    codes, classes = known.codes, _classes(texts)
    lines = [*_labelled(texts, "train"), *_labelled(texts, "val")]
    both = [*texts.readings["train"], *texts.readings["val"]]
    folds = stratified_folds(codes, params.evaluation.calibration_folds, seed)
    inside = [np.flatnonzero(folds != fold) for fold in range(params.evaluation.calibration_folds)]
    calls = [(lines, choice, most_bytes, seed)]
    calls += [([lines[row] for row in rows], choice, most_bytes, seed) for rows in inside]
    decisions = np.empty((len(codes), len(classes)))
    with reporter.track("folds and refit", len(calls), unit="fit") as bar:
        fitted = fits.run_each(fit_fasttext, calls)
        content = next(fitted)
        bar.advance()
        for fold, of_fold in enumerate(fitted):
            rows = np.flatnonzero(folds == fold)
            decisions[rows] = _decisions(of_fold, [both[row] for row in rows], classes)
            bar.advance()
    general = None
    if params.training.general_expert:
        with reporter.track("general expert"):
            general = fit_general(texts.readings, codes, decisions, classes)
    return TrainedKind(
        family="fasttext",
        params=choice.as_params(),
        classes=classes,
        calibration=calibrate(decisions, codes, both, classes, params.evaluation, general=general, seed=seed),
        test_decisions=_decisions(content, texts.readings["test"], classes),
        model=partial(FastTextModel, content),
    )


def _labelled(texts: KindTexts, name: str) -> list[str]:
    """Return a split as lines of a training file."""
    pairs = zip(texts.splits[name].labels, texts.readings[name], strict=True)
    return [labelled_line(label, fasttext_line(reading.tokens)) for label, reading in pairs]


def _decisions(
    content: bytes, readings: Sequence[TextReading], classes: tuple[Label, ...]
) -> NDArray[np.float64]:
    return model_from(content, classes).decide_lines([fasttext_line(one.tokens) for one in readings])


def _tell(test: Mapping[str, Any], model_id: str, reporter: Reporter) -> None:
    reporter.say(
        f"fasttext: macro F1 {test['macro_f1']:.4f} ({test['macro_f1_low']:.4f} to "
        f"{test['macro_f1_high']:.4f}), calibration error {test['ece']:.4f} on {test['n']} test texts. "
        f"Take it through the gate with `register_model {model_id} NAME`."
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stage with the parameters of the command line."""
    parser = argparse.ArgumentParser(description="Train a fastText model (kinds/params.yaml has the rest).")
    parser.add_argument("--epoch", type=int, help="how often each text is seen")
    parser.add_argument("--lr", type=float, help="the learning rate at the start")
    parser.add_argument("--wordNgrams", type=int, help="length of the longest run of words with a vector")
    parser.add_argument("--dim", type=int, help="numbers of a vector")
    given = vars(parser.parse_args(arguments))
    by_hand = {name: value for name, value in given.items() if value is not None}
    run_stage(partial(train_fasttext, by_hand=by_hand))


if __name__ == "__main__":
    main()
