"""A classifier of each family, made as the pipeline makes the winner of a study, with its defaults.

They are fitted on the splits of this project and kept in `.benchmarks/quality`, one folder for each state of
the counts, the parameters and the code, so that a second run only measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opinionlens.base.progress import Reporter
from opinionlens.classifiers.manifest import Lineage, Training
from opinionlens.families.catalogue import FAMILIES
from opinionlens.features.vocabulary import Vocabulary
from opinionlens.pipeline.calibrated import refit_calibrated
from opinionlens.pipeline.export import Provenance, write_fitted_artifact
from opinionlens.pipeline.finalists import compare_finalists
from opinionlens.pipeline.lineage import hash_of_code, hash_of_files, hash_of_values
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.splits_on_disk import LabelledTexts, read_labelled_texts
from opinionlens.pipeline.study import FinishedTrial, Outcome, Proposal
from opinionlens.pipeline.text_readings import TextReading, read_texts
from opinionlens.pipeline.trials import Workers, workers

KEPT = Path(".benchmarks") / "quality"


@dataclass(frozen=True)
class Fitting:
    """What every family is fitted on, and how."""

    paths: Paths
    params: Params
    reporter: Reporter

    def folders(self, names: Sequence[str]) -> dict[str, Path]:
        """Return the artifact of each family by its title, after fitting those that are not there.

        Raises:
            StageFailed: the splits are not there; `dvc repro vectorize_data` makes them.
        """
        parts = {
            name: read_labelled_texts(self.paths.preprocessed / f"{name}.parquet")
            for name in ("train", "val")
        }
        state = self._state()
        folders = {name: self.paths.root / KEPT / f"{name}-{state}" for name in names}
        if absent := [name for name in names if not folders[name].exists()]:
            vocabulary = Vocabulary.load(self.paths.vectorizer)
            readings = {
                name: read_texts(vocabulary.spec, part.texts, part.sources) for name, part in parts.items()
            }
            seed, n_jobs = self.params.base.random_seed, self.params.training.n_jobs
            with workers(self.paths.vectorized, n_jobs=n_jobs, seed=seed) as pool:
                for name in absent:
                    self._fit(name, pool, parts, readings, vocabulary, folders[name])
        return {FAMILIES[name].title: folder for name, folder in folders.items()}

    def _fit(
        self,
        name: str,
        pool: Workers,
        parts: Mapping[str, LabelledTexts],
        readings: Mapping[str, list[TextReading]],
        vocabulary: Vocabulary,
        folder: Path,
    ) -> None:
        self.reporter.say(f"fitting {FAMILIES[name].title}")
        params = dict(FAMILIES[name].defaults)
        codes = np.concatenate([parts["train"].codes, parts["val"].codes])
        training, evaluation = self.params.training, self.params.evaluation
        untried = FinishedTrial(Proposal(0, name, params), Outcome(0.0, {}, 0.0, 0.0))
        (finalist,) = compare_finalists(
            pool,
            [untried],
            codes,
            training.objective,
            folds=evaluation.calibration_folds,
            seed=self.params.base.random_seed,
            reporter=self.reporter,
        )
        fitted = refit_calibrated(
            pool,
            finalist,
            codes,
            readings,
            evaluation,
            general_expert=training.general_expert,
            seed=self.params.base.random_seed,
            reporter=self.reporter,
        )
        sources = tuple(sorted({*parts["train"].sources, *parts["val"].sources}))
        folder.parent.mkdir(parents=True, exist_ok=True)
        write_fitted_artifact(
            folder,
            fitted,
            vocabulary,
            Provenance(Lineage(), Training(name, params, sources, len(codes))),
            parts["val"].texts,
            unfamiliar_confidence=self.params.evaluation.unfamiliar_confidence,
        )

    def _state(self) -> str:
        chosen = self.params.model_dump(include={"base", "evaluation", "training"})
        counts = [hash_of_files(folder) for folder in (self.paths.vectorized, self.paths.vectorizer)]
        return hash_of_values([*counts, hash_of_code(), chosen])[:12]
