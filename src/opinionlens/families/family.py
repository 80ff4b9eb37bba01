"""Families: kinds of estimators with their search spaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from opinionlens.base.errors import StageFailed
from opinionlens.families.class_balance import balanced_weights
from opinionlens.families.estimator import Estimator
from opinionlens.families.space import Param, Params, Space, Unsearched, completed
from opinionlens.features.counts import Counts, FloatArray
from opinionlens.text.labels import LABELS, Label

if TYPE_CHECKING:
    import optuna

Codes = npt.NDArray[np.int64]
Kind = Literal["linear", "skops"]


class Fit(Protocol):
    """The function by which a family fits an estimator."""

    def __call__(
        self,
        counts: Counts,
        codes: Codes,
        classes: tuple[Label, ...],
        params: Params,
        seed: int,
        weights: FloatArray,
        groups: Codes,
    ) -> Estimator:
        """Fit on all rows of `counts`.

        `params` are complete; `classes` are the labels that occur in `codes`; `weights` say how much each
        text counts, with what balances the classes; `groups` number the sources of the texts.
        """


@dataclass(frozen=True, eq=False)
class Family:
    """A kind of estimator.

    Attributes:
        name: as in `params.yaml: training.families`.
        title: as people read it.
        kind: the kind of artifact that its estimators become.
        space: its parameters, each with default and bounds.
        fit_estimator: the function that fits it.
    """

    name: str
    title: str
    kind: Kind
    space: Space
    fit_estimator: Fit

    @property
    def defaults(self) -> dict[str, Param]:
        """The default parameters."""
        return {name: dimension.default for name, dimension in self.space.items()}

    def name_in_study(self, param: str) -> str:
        """Return the parameter's name in a study of many families."""
        return f"{self.name}.{param}"

    def start_in_study(self, given: Mapping[str, object]) -> dict[str, Param]:
        """Return the searched parameters by their names in a study.

        One that is not given has its default.

        Raises:
            ParamsInvalid: a parameter is unknown to this family or has an impossible value.
        """
        complete = completed(self.space, given, self.name)
        return {
            self.name_in_study(name): complete[name]
            for name, dimension in self.space.items()
            if not isinstance(dimension, Unsearched)
        }

    @property
    def defaults_in_study(self) -> dict[str, Param]:
        """The searched defaults, by their names in a study."""
        return self.start_in_study({})

    def suggest(self, trial: optuna.trial.BaseTrial) -> dict[str, Param]:
        """Draw parameters, returned by their own names.

        The trial has them by their names in the study.
        """
        return {
            name: dimension.suggest(trial, self.name_in_study(name)) for name, dimension in self.space.items()
        }

    def fit(
        self,
        counts: Counts,
        codes: npt.NDArray[Any],
        params: Mapping[str, object],
        seed: int,
        weights: npt.NDArray[np.floating] | None = None,
        groups: npt.NDArray[np.integer] | None = None,
    ) -> Estimator:
        """Fit an estimator to counted texts, reproducibly.

        The same arguments give the same estimator.

        Args:
            counts: the texts.
            codes: the position of each text's label in LABELS; a label may be missing.
            params: by their own names; one that is left out takes its default.
            seed: all the randomness there is.
            weights: how much each text counts; None: all alike.
            groups: the number of each text's source, in which the parameter `balance` balances the classes;
                None: one for all.

        Raises:
            ParamsInvalid: a parameter is unknown to this family or has an impossible value.
            StageFailed: the texts have fewer than two labels.
        """
        complete = completed(self.space, params, self.name)
        codes = np.asarray(codes, dtype=np.int64)
        present = np.unique(codes).tolist()
        if len(present) < 2:
            raise StageFailed(
                f"A classifier needs texts of at least two labels; these have {len(present)}.",
                remedy="Add a source with another label to `params.yaml: data.sources`.",
            )
        classes = tuple(LABELS[code] for code in present)
        each = np.ones(len(codes)) if weights is None else np.asarray(weights, dtype=np.float64)
        sources = np.zeros_like(codes) if groups is None else np.asarray(groups, dtype=np.int64)
        if "balance" in complete:
            each = each * balanced_weights(codes, float(complete["balance"]), sources)
        return self.fit_estimator(counts, codes, classes, complete, seed, each, sources)
