from __future__ import annotations

import numpy as np
import pytest

from opinionlens.evaluation.expectations import Case, Overturns, Same, Says, Strengthens, swapped_names
from opinionlens.text.labels import Label

NEG, NEU, POS = Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE


@pytest.mark.parametrize(
    ("case", "rows", "expected"),
    [
        (Same(("a", "b", "c")), [[0.5, 0.3, 0.2], [0.4, 0.3, 0.3], [0.9, 0.1, 0.0]], True),
        (Same(("a", "b", "c")), [[0.5, 0.3, 0.2], [0.4, 0.3, 0.3], [0.1, 0.9, 0.0]], False),
        (Says("a", NEU), [[0.3, 0.4, 0.3]], True),
        (Says("a", POS), [[0.3, 0.4, 0.3]], False),
        (Strengthens("a", "b", POS), [[0.2, 0.2, 0.6], [0.1, 0.2, 0.7]], True),
        (Strengthens("a", "b", POS), [[0.0, 0.01, 0.99], [0.0, 0.015, 0.985]], True),
        (Strengthens("a", "b", POS), [[0.2, 0.2, 0.6], [0.2, 0.22, 0.58]], False),
        (Strengthens("a", "b", NEG), [[0.2, 0.2, 0.6], [0.1, 0.2, 0.7]], False),
        (Overturns("a", "b", POS), [[0.2, 0.2, 0.6], [0.5, 0.2, 0.3]], True),
        (Overturns("a", "b", POS), [[0.2, 0.2, 0.6], [0.2, 0.5, 0.3]], True),
        (Overturns("a", "b", POS), [[0.1, 0.1, 0.8], [0.2, 0.2, 0.6]], False),  # weaker, but still POSITIVE
        (
            Overturns("a", "b", POS),
            [[0.6, 0.3, 0.1], [0.5, 0.3, 0.2]],
            False,
        ),  # not POSITIVE, but nearer to it
        (Overturns("a", "b", POS), [[0.6, 0.3, 0.1], [0.6, 0.3, 0.1]], False),  # nothing moved
    ],
)
def test_what_each_expectation_accepts(case: Case, rows: list[list[float]], expected: bool) -> None:
    assert case.holds(np.array(rows)) is expected


def test_each_template_meets_each_pair_of_neighbouring_names() -> None:
    assert swapped_names(("hi {}", "{} left"), ("A", "B", "C")) == (
        Same(("hi A", "hi B")),
        Same(("A left", "B left")),
        Same(("hi B", "hi C")),
        Same(("B left", "C left")),
        Same(("hi C", "hi A")),
        Same(("C left", "A left")),
    )
