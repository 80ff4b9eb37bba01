"""The parameters and data of a retraining.

They are those of the project with the new data, and the champion's own unless it is tuned anew.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from opinionlens.base.files import replacing_file
from opinionlens.base.progress import Reporter
from opinionlens.classifiers.manifest import Training
from opinionlens.datasets.catalogue import select_cards
from opinionlens.datasets.finding import Places
from opinionlens.datasets.identity import with_identity
from opinionlens.datasets.table_card import card_from_params
from opinionlens.families.catalogue import FAMILIES
from opinionlens.jobs.label_intake import NEW_SOURCES, OldText
from opinionlens.jobs.new_labels import LabelledText
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.preprocess_data import read_all
from opinionlens.text.labels import LABELS


@dataclass(frozen=True)
class Fitting:
    """The way of fitting, also in words."""

    families: tuple[str, ...]
    trials: int
    start: Mapping[str, Mapping[str, Any]]
    words: str


def fitting_for(champion: Training | None, params: Params, trials: int | None) -> Fitting:
    """Decide how to fit: with the champion's parameters, or tuned.

    Args:
        champion: how the champion was fitted; None without one.
        params: those of the project.
        trials: tune with so many; None to take the champion's parameters.
    """
    known = champion is not None and champion.family in FAMILIES
    start = {champion.family: dict(champion.params)} if champion is not None and known else {}
    if trials is None and champion is not None and known:
        words = f"with the champion's parameters ({FAMILIES[champion.family].title})"
        return Fitting((champion.family,), 1, start, words)
    number = params.training.n_trials if trials is None else trials
    families = tuple(dict.fromkeys((*start, *params.training.families)))
    return Fitting(families, number, start, f"tuned in {number} trials")


def write_project(
    run: Path, project: Paths, params: Params, fitting: Fitting, rows: Mapping[str, Iterable[LabelledText]]
) -> Params:
    """Write parameters and data of a run; return the parameters.

    The project's own data is linked, never copied or changed.
    """
    raw = run / "raw"
    raw.mkdir(exist_ok=True)
    theirs = project.raw(params.data.raw_dir).absolute()
    for entry in theirs.iterdir() if theirs.is_dir() else ():
        if not (raw / entry.name).is_symlink():
            (raw / entry.name).symlink_to(entry)
    files = [_write_rows(raw, name, list(rows[name])) for name in NEW_SOURCES if rows[name]]
    content = params.model_dump(mode="json")
    content["data"] |= {"raw_dir": "raw", "files": [*content["data"]["files"], *files]}
    content["training"] |= {
        "families": list(fitting.families),
        "n_trials": fitting.trials,
        "start": {family: dict(values) for family, values in fitting.start.items()},
        "storage": "sqlite:///optuna.sqlite3",
    }
    content["models"] = {"model_id": None}
    with replacing_file(run / "params.yaml") as aside:
        aside.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    if project.everyday.is_file():
        (everyday := Paths(run).everyday).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project.everyday, everyday)
    return Params.model_validate(content)


def take_fetched(run: Path, project: Paths, params: Params) -> bool:
    """Copy the project's fetched data sets if complete."""
    try:
        fetched = json.loads((project.fetched / "fetched.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not set(params.data.sources) <= set(fetched):
        return False
    shutil.copytree(project.fetched, Paths(run).fetched, dirs_exist_ok=True)
    return True


def old_texts(params: Params, places: Places, reporter: Reporter) -> Iterable[OldText]:
    """Yield the texts of the project's own data."""
    own = [card_from_params(**file.model_dump()) for file in params.data.files]
    readings = read_all(select_cards(params.data.sources, own), places, reporter)
    frame = with_identity(pl.concat([reading.frame for reading in readings]), params.base.random_seed)
    for key, words, label in frame.select("key", "words", "label").unique("key").iter_rows():
        yield OldText(key, frozenset(words.split()), str(label))


def _write_rows(raw: Path, name: str, rows: list[LabelledText]) -> dict[str, Any]:
    """Write one source's rows; return its entry for the parameters."""
    path = raw / f"{name}.jsonl"
    with replacing_file(path) as aside, aside.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps({"text": row.text, "label": row.label.value}, ensure_ascii=True) + "\n")
    labels = {label.value: label.value for label in LABELS}
    return {"name": name, "path": path.name, "label_map": labels}
