"""What a version's card says of its speed."""

from __future__ import annotations

from collections.abc import Sequence

from opinionlens.pipeline.speed import speed_of


class Clock:
    """A clock that the classifier moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Timed:
    """A classifier whose answers take a millisecond alone, and a tenth of it among others but at first."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.alone = 0
        self.together: list[int] = []

    def predict(self, text: str) -> None:
        self.alone += 1
        self.clock.now += 5.0 if text == "slow" else 0.001

    def predict_many(self, texts: Sequence[str]) -> None:
        self.together.append(len(texts))
        self.clock.now += (0.001 if len(self.together) == 1 else 0.0001) * len(texts)


def test_the_median_of_texts_alone_and_the_mean_of_many() -> None:
    clock = Clock()
    classifier = Timed(clock)
    found = speed_of(classifier, ["x"] * 40 + ["slow"] + ["x"] * 260, clock=clock)  # type: ignore[arg-type]
    assert found == {"n": 200, "alone_us": 1000.0, "together_us": 100.0}
    assert classifier.together == [200, 200]
    assert classifier.alone == 100 + 5  # the first are asked twice


def test_without_texts_nothing_is_measured() -> None:
    clock = Clock()
    assert speed_of(Timed(clock), [], clock=clock) == {"n": 0}  # type: ignore[arg-type]
