"""Cases of behavioural checks, and their expectations.

The kinds are those of CheckList (Ribeiro et al. 2020). An *invariance* check changes a part that must not
matter (a name, a link, a typo) and wants the same label. A *direction* check changes a part that must matter
(a negation, an intensifier) and wants a probability to move the right way. A *minimum functionality* check is
a plain text with an undisputed label. The cases, all English, are in `behaviour_cases` and
`hard_behaviour_cases`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Protocol

from opinionlens.evaluation.codes import Floats
from opinionlens.text.labels import LABELS, Label

# A classifier that is already sure cannot become surer: a loss this small is no movement.
_STANDSTILL = 0.01


class ExpectationKind(StrEnum):
    """The kind of a check's expectation."""

    INVARIANCE = "invariance"
    DIRECTION = "direction"
    MINIMUM_FUNCTIONALITY = "minimum_functionality"


class Case(Protocol):
    """Texts with an expectation of their probabilities."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts, in the order of the rows of `holds`."""

    def holds(self, rows: Floats) -> bool:
        """Tell whether the expectation is met.

        `rows` has one row per text.
        """


@dataclass(frozen=True, slots=True)
class Same:
    """The expectation that all texts get the same label."""

    texts: tuple[str, ...]

    def holds(self, rows: Floats) -> bool:
        """See `Case.holds`."""
        return len(set(rows.argmax(axis=1).tolist())) == 1


@dataclass(frozen=True, slots=True)
class Says:
    """The expectation that the text gets this label."""

    text: str
    label: Label

    @property
    def texts(self) -> tuple[str, ...]:
        """See `Case.texts`."""
        return (self.text,)

    def holds(self, rows: Floats) -> bool:
        """See `Case.holds`."""
        return LABELS[int(rows[0].argmax())] is self.label


@dataclass(frozen=True, slots=True)
class _Change:
    """A text before and after a change."""

    before: str
    after: str
    label: Label

    @property
    def texts(self) -> tuple[str, ...]:
        """See `Case.texts`."""
        return (self.before, self.after)


class Strengthens(_Change):
    """The expectation that the second text raises a label's probability.

    A loss of up to 0.01 is forgiven.
    """

    __slots__ = ()

    def holds(self, rows: Floats) -> bool:
        """See `Case.holds`."""
        column = LABELS.index(self.label)
        return bool(rows[1, column] >= rows[0, column] - _STANDSTILL)


class Overturns(_Change):
    """The expectation that the second text loses a label.

    Its probability of the label is lower than the first's, and it gets another label.
    """

    __slots__ = ()

    def holds(self, rows: Floats) -> bool:
        """See `Case.holds`."""
        column = LABELS.index(self.label)
        return bool(rows[1, column] < rows[0, column]) and int(rows[1].argmax()) != column


@dataclass(frozen=True, slots=True)
class Check:
    """Cases of one ability.

    `name` is also the name of its metric.
    """

    name: str
    kind: ExpectationKind
    cases: tuple[Case, ...]


def swapped_names(templates: Sequence[str], names: Sequence[str]) -> tuple[Same, ...]:
    """Return cases in which a name is replaced by another.

    Each template is filled with each name and the next one, the last with the first.
    """
    pairs = zip(names, (*names[1:], names[0]), strict=True)
    return tuple(
        Same((template.format(one), template.format(other)))
        for (one, other), template in product(pairs, templates)
    )
