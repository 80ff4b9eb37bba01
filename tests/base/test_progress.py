"""What a person at a terminal and what a log file get to see."""

import io

import pytest
from rich.console import Console

from opinionlens.base.progress import BYTE, Bars, Quiet


def shown(*, terminal: bool) -> str:
    stream = io.StringIO()
    bars = Bars(Console(file=stream, force_terminal=terminal, width=120, color_system=None))
    with bars.track("reading", 2000) as task:
        task.advance(1500)
        task.note("brand_tweets")
        task.advance(500)
    bars.say("done [really]")
    return stream.getvalue()


def test_a_log_gets_one_line_per_bar():
    lines = shown(terminal=False).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("reading: 2,000 in ")
    assert lines[0].endswith("(brand_tweets)")


def test_a_terminal_gets_a_full_bar_with_its_count():
    text = shown(terminal=True)
    assert "2000/2000" in text
    assert "brand_tweets" in text


@pytest.mark.parametrize(
    ("unit", "amount", "said"),
    [
        ("row", 1, "1 row in"),
        ("row", 1500, "1,500 rows in"),
        (BYTE, 1_500_000, "1.5 MB in"),
        (None, 7, "7 in"),
    ],
)
def test_what_is_counted_is_named(unit, amount, said):
    for terminal in (False, True):
        stream = io.StringIO()
        bars = Bars(Console(file=stream, force_terminal=terminal, width=120, color_system=None))
        with bars.track("reading", amount, unit=unit) as task:
            task.advance(amount)
        if not terminal:
            assert stream.getvalue().startswith(f"reading: {said} ")
        elif unit == "row":
            assert f"{amount}/{amount} rows" in stream.getvalue()


def test_quiet_takes_the_same_calls():
    quiet = Quiet()
    with quiet.track("reading") as task:
        task.advance()
        task.note("x")
    quiet.say("y")


def test_bar_of_unknown_length_says_how_long_it_took():
    stream = io.StringIO()
    with Bars(Console(file=stream)).track("MLflow"):
        pass
    assert stream.getvalue().startswith("MLflow: 0.")
