"""Dimensions of a search space, as plain data.

So a space can be read, drawn from and checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from opinionlens.base.errors import ParamsInvalid

if TYPE_CHECKING:
    import optuna

Param = bool | int | float | str
Params = Mapping[str, Param]


@dataclass(frozen=True)
class Real:
    """A number between two bounds.

    `log` is for numbers where a factor matters and not a difference.
    """

    default: float
    low: float
    high: float
    log: bool = False

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Param:
        """Draw a value."""
        return trial.suggest_float(name, self.low, self.high, log=self.log)

    def problem(self, value: object) -> str | None:
        """Return the problem of a value set by hand.

        It may lie outside the bounds of the search; None without a problem.
        """
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            return "must be a number, not negative"
        return "must be above 0" if value == 0 and self.low > 0 else None


@dataclass(frozen=True)
class Whole:
    """A whole number between two inclusive bounds."""

    default: int
    low: int
    high: int
    log: bool = False

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Param:
        """Draw a value."""
        return trial.suggest_int(name, self.low, self.high, log=self.log)

    def problem(self, value: object) -> str | None:
        """Return the problem of a value set by hand.

        It may lie outside the bounds of the search; None without a problem.
        """
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            return "must be a whole number above 0"
        return None


@dataclass(frozen=True)
class OneOf:
    """One of a few values."""

    default: Param
    choices: tuple[Param, ...]

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Param:
        """Draw a value."""
        return cast(Param, trial.suggest_categorical(name, self.choices))

    def problem(self, value: object) -> str | None:
        """Return the problem of a value, or None without one."""
        if any(type(value) is type(choice) and value == choice for choice in self.choices):
            return None
        return f"must be one of {', '.join(map(str, self.choices))}"


@dataclass(frozen=True)
class Unsearched:
    """A number that is set by hand, not searched.

    Quality hardly depends on it.
    """

    default: float

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Param:
        """Return the default."""
        return self.default

    def problem(self, value: object) -> str | None:
        """Return the problem of a value, or None without one."""
        return Real(self.default, self.default, self.default).problem(value)


Dimension = Real | Whole | OneOf | Unsearched
Space = Mapping[str, Dimension]


def completed(space: Space, given: Mapping[str, object], owner: str) -> dict[str, Param]:
    """Return the defaults, overridden by `given`.

    Raises:
        ParamsInvalid: a name that the space does not have, or a value that its dimension cannot take.
    """
    for name, value in given.items():
        if name not in space:
            raise ParamsInvalid(
                f"{owner} has no parameter {name!r}.", remedy=f"It has: {', '.join(sorted(space))}."
            )
        if problem := space[name].problem(value):
            raise ParamsInvalid(f"{owner}: {name} {problem}, not {value!r}.")
    defaults = {name: dimension.default for name, dimension in space.items()}
    return defaults | cast(dict[str, Param], dict(given))  # every value has just been checked
