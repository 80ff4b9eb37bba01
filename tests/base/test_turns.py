"""Heavy work gives way to urgent work, and never for long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opinionlens.base import turns
from opinionlens.base.turns import give_way, urgent_work


class Clock:
    """A clock that only sleeping moves; `then` happens in each sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.then: Callable[[], object] = lambda: None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.then()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(turns, "time", clock)
    return clock


def test_nobody_waits_for_nothing(clock: Clock) -> None:
    give_way()
    with urgent_work():
        pass
    give_way()
    assert clock.now == 100.0


def test_it_waits_until_the_urgent_work_is_done(clock: Clock) -> None:
    urgent = urgent_work()
    urgent.__enter__()
    clock.then = lambda: clock.now > 100.01 and urgent.__exit__(None, None, None)
    give_way()
    assert 100.01 < clock.now < 100.02


def test_urgent_work_that_hangs_is_not_waited_for(clock: Clock) -> None:
    with urgent_work():
        give_way()
        assert 100.05 <= clock.now < 100.06
        before = clock.now
        give_way()
        assert clock.now == before


def test_urgent_work_without_end_is_not_waited_for_either(clock: Clock) -> None:
    works = [urgent_work() for _ in range(100)]
    works[0].__enter__()

    def go_on() -> None:
        works.pop(0).__exit__(None, None, None)
        works[0].__enter__()

    clock.then = go_on
    give_way()
    assert 100.05 <= clock.now < 100.06
    works[0].__exit__(None, None, None)


def test_an_error_ends_it(clock: Clock) -> None:
    with pytest.raises(ZeroDivisionError), urgent_work():
        raise ZeroDivisionError
    give_way()
    assert clock.now == 100.0
