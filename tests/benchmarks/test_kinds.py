"""The benchmark of kinds: its sums and its table, with a small model."""

from __future__ import annotations

from pathlib import Path

from benchmarks.kinds.__main__ import asked_apart, drawn, median, table
from benchmarks.kinds.asking import Asked


def figures(**changed: float) -> Asked:
    given = {
        "megabytes": 2.0,
        "load_seconds": 0.5,
        "memory_megabytes": 90.0,
        "one_us": 100.0,
        "one_p99_us": 300.0,
        "many_us": 50.0,
        "many_wall_us": 40.0,
        "explain_ms": 1.5,
    }
    return Asked(kind="linear", family="linear_svc", **(given | changed))


def test_the_table_measures_by_the_first_model() -> None:
    rows = table({"default": figures(), "slow": figures(one_us=4_000.0, many_us=2_000.0)}).splitlines()
    assert "| 100 (1.0) |" in rows[2]
    assert "| 4,000 (40.0) | 300 | 2,000 (40.0) | 25,000 | 1.5 |" in rows[3]
    assert rows[1].count("---") == rows[0].count("|") - 1


def test_rounds_give_their_median() -> None:
    assert median([figures(one_us=value) for value in (1.0, 9.0, 2.0)]).one_us == 2.0


def test_the_same_texts_are_drawn_each_time() -> None:
    texts = [f"text {number}" for number in range(2_000)]
    assert drawn(texts) == drawn(texts)
    assert len(set(drawn(texts))) == 512


def test_a_model_is_asked_in_a_process_of_its_own(write_word_model, tmp_path: Path) -> None:
    write_word_model(tmp_path / "model", {"great": 1.0})
    found = asked_apart(str(tmp_path / "model"), ["great", "a great day", "nothing"])
    assert found.kind == "linear"
    assert 0 < found.one_us <= found.one_p99_us
    assert found.memory_megabytes > 10
