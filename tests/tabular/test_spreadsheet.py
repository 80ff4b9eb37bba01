from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinionlens.tabular.spreadsheet import neutralised


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-1+1",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1)",
        "\t=1+1",
        "=",
        "-",
        "--5",
        "+49 170 1234567",
        "-5e",
        "-1.2.",
        "- 5",
        "-٣",
    ],
)
def test_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert neutralised(cell) == "'" + cell


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "a=b",
        "1+1",
        " =1",
        "-5",
        "+3.25",
        "-1,234.50",
        "-1.234,5",
        "-.5",
        "-1e5",
        "+1E-9",
        "-5%",
        "-5 %",
        "'=1",
    ],
)
def test_numbers_and_plain_text_stay(cell: str) -> None:
    assert neutralised(cell) == cell


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("\r=1", "'\r'=1"),
        ("two\n=lines", "two\n'=lines"),
        ("two\r\n-lines", "two\r\n'-lines"),
        ("a\n\t=1", "a\n'\t=1"),
        ("＝1+1", "'＝1+1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠SUM", "'＠SUM"),
    ],
)
def test_lines_inside_and_full_width_forms_count(cell: str, safe: str) -> None:
    assert neutralised(cell) == safe


@given(st.text("a=+-@\t\r\n＝ 1.5%") | st.text())
def test_no_cell_begins_like_a_formula_unless_it_is_a_number(cell: str) -> None:
    safe = neutralised(cell)
    if safe != cell:
        assert not any(line[:1] in tuple("=+-@\t＝＋－＠") for line in safe.replace("\r", "\n").split("\n"))
        assert safe.replace("'", "") == cell.replace("'", "")
    elif safe and safe[0] in "=@\t\r":
        raise AssertionError(safe)
    elif safe and safe[0] in "+-":
        float(safe.replace(",", "").replace("%", "").replace(" ", "")) if safe.count(".") < 2 else None
