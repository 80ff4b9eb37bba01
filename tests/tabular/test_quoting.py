"""As many rows out as in, however quotation marks are placed."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opinionlens.tabular.cells import Quoting
from opinionlens.tabular.row_problems import RowProblem

Read = Callable[..., Any]
BROKEN = RowProblem.BROKEN_QUOTES


def texts(found: Any, place: int = 1) -> list[str]:
    return [cells[place] for cells in found.cells]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("strays", [(1, 2), (10, 900), (1, 1500, 2999), (0, 1, 2, 3, 4)])
def test_marks_that_open_a_cell_and_close_another_swallow_no_row(
    read: Read, delimiter: str, strays: tuple[int, ...]
) -> None:
    rows = [[str(n), f"nice text number {n} here", "neg" if n % 3 else "pos"] for n in range(3000)]
    for turn, place in enumerate(strays):
        rows[place][1] = f'"{rows[place][1]}' if turn % 2 == 0 else f'{rows[place][1]}"'
    lines = [delimiter.join(row) for row in [["id", "text", "label"], *rows]]
    found = read("\n".join(lines) + "\n")
    assert found.cells == rows
    assert set(found.problems) == {None}


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_few_quoted_cells_between_commas_outweigh_one_stray(read: Read, delimiter: str) -> None:
    rows = [["1", "thanks for the help"], ["2", '"never brought the salad"'], ["3", '"a stray at the start']]
    rows += [["4", "plain"], ["5", "plain again"]]
    found = read("\n".join(delimiter.join(row) for row in [["id", "text"], *rows]) + "\n")
    assert texts(found)[:2] == ["thanks for the help", "never brought the salad"]
    assert texts(found)[3:] == ["plain", "plain again"]
    assert len(found.cells) == 5


def test_a_label_met_once_takes_no_rows_along(read: Read) -> None:
    """The row whose mark closes the cell holds a label that no certain row holds."""
    lines = [f"{n},fine lamp {n},{'neg' if n % 3 else 'pos'}" for n in range(60)]
    lines[30], lines[34] = '30,"odd lamp,pos', '34,odd lamp",mixed'
    found = read("id,text,label\n" + "\n".join(lines) + "\n")
    assert [cells[0] for cells in found.cells] == [str(n) for n in range(60)]


def test_a_text_with_some_lines_like_rows_stays_whole(read: Read) -> None:
    lines = [f'{n},"fine, lamp {n}",{"neg" if n % 3 else "pos"}' for n in range(60)]
    text = "as here:,pos\n1,fine,neg\nand so on\nto the end"
    lines[30] = f'30,"{text}",pos'
    found = read("id,text,label\n" + "\n".join(lines) + "\n")
    assert len(found.cells) == 60
    assert found.cells[30] == ["30", text, "pos"]


def test_two_rows_with_a_mark_each(read: Read) -> None:
    found = read(
        'id\ttext\tlabel\n1\t"Best phone ever\tpos\n2\tshe said so"\tneg\n3\tfine\tneu\n4\tbad\tneg\n', ".tsv"
    )
    assert texts(found) == ['"Best phone ever', 'she said so"', "fine", "bad"]


def test_a_file_sorted_by_its_labels_hides_no_row(read: Read) -> None:
    lines = [f"{n}\tfine lamp {n}\t{'pos' if n < 20_000 else 'neg'}" for n in range(40_000)]
    lines[30_000] = '30000\t"odd lamp\tneg'
    lines[30_007] = '30007\todd lamp"\tneg'
    found = read("id\ttext\tlabel\n" + "\n".join(lines) + "\n", ".tsv")
    assert [cells[0] for cells in found.cells] == [str(n) for n in range(40_000)]


def test_texts_that_are_not_quoted_stay_to_the_letter(read: Read) -> None:
    given_texts = [
        '"Great" show tonight',
        '"open',
        '5" disk',
        'closed"',
        'a "quoted" word',
        '""',
        '"whole"',
        ' "blank before',
        'back\\"slash',
        "plain",
    ]
    content = "id\ttext\n" + "".join(f"{n}\t{text}\n" for n, text in enumerate(given_texts * 5))
    found = read(content, ".tsv")
    assert texts(found) == given_texts * 5
    assert found.quoting is Quoting.NONE
    assert found.notes == (
        "Quotation marks do not enclose cells in this file; they were kept as they stand.",
    )


def test_one_text_a_line_needs_no_quotes(read: Read) -> None:
    given_texts = ['"Great show, really', "fine", 'so he said"', "well, well", '"whole, yes"']
    assert texts(read("text\n" + "\n".join(given_texts) + "\n", ".txt"), 0) == given_texts


def test_nothing_is_noted_of_marks_where_there_are_none(read: Read) -> None:
    found = read("text\nwell, well\nfine\n", ".txt")
    assert texts(found, 0) == ["well, well", "fine"]
    assert found.notes == ()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (r'1,"He said \"great\" twice",pos', 'He said "great" twice'),
        (r'1,"The \"best\"",pos', 'The "best"'),
        (r'1,"path C:\\temp\\",pos', "path C:\\temp\\"),
        (r'1,"ok, \"fine\", really",pos', 'ok, "fine", really'),
        (r'1,"C:\new \"folder\"",pos', 'C:\\new "folder"'),
        ('1,"two\nlines \\"here\\"",pos', 'two\nlines "here"'),
    ],
)
def test_backslashes_before_marks(read: Read, line: str, text: str) -> None:
    found = read(f'id,text,label\n{line}\n2,"so \\"so\\", yes",neg\n3,plain,neg\n')
    assert texts(found) == [text, 'so "so", yes', "plain"]
    assert found.quoting is Quoting.BACKSLASH
    assert "backslash" in found.notes[0]


def test_a_backslash_at_the_end_of_a_cell_is_one(read: Read) -> None:
    found = read('id,text\n1,"in C:\\temp\\"\n2,"a ""b"", c"\n')
    assert texts(found) == ["in C:\\temp\\", 'a "b", c']
    assert found.quoting is Quoting.DOUBLED


def test_blanks_around_quotes(read: Read) -> None:
    found = read('id, "text", label\n1, "Hello, you", pos\n2,\t"a ""b""" ,neg\n3, plain, neg\n')
    assert texts(found) == ["Hello, you", 'a "b"', " plain"]
    assert set(found.problems) == {None}


def test_marks_that_nobody_doubled(read: Read) -> None:
    found = read('id,text,label\n1,"He said "hi, you" to me",pos\n2,"so, so",neg\n3,"fine, yes",pos\n')
    assert texts(found) == ['He said "hi, you" to me', "so, so", "fine, yes"]
    assert found.notes == ("1 row has quotation marks that do not pair; read line by line.",)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 1), (2, 1), (1, 2), (0, 2, 1)])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_stray_takes_no_text_of_several_lines_along(
    read: Read, delimiter: str, order: tuple[int, ...], end: str
) -> None:
    rows = [[str(n), f"fine lamp {n}", "neg" if n % 3 else "pos"] for n in range(60)]
    rows[10][1] = f'"good{delimiter} lamp"'
    rows[30][1] = '"odd lamp'
    rows[31][1] = f'"two{end}lines"'
    rows[59][1] = '"cut'  # and the same at the end of the file, which is cut there
    names = ["id", "text", "label"]
    lines = [delimiter.join(row[place] for place in order) for row in [names, *rows]]
    cut = delimiter.join(['"on and', *rows[0][2:]] if order[0] == 1 else [rows[0][order[0]], '"on and'])
    found = read(end.join([*lines, cut, "on"]))
    text = order.index(1)
    assert len(found.cells) == 61
    assert texts(found, text)[31] == f"two{end}lines"
    assert [n for n, problem in enumerate(found.problems) if problem] in ([60], [30, 59, 60])


def test_lines_of_a_text_that_begin_like_no_row_stay_in_it(read: Read) -> None:
    text = 'He said "hi" to me\nand, so, "she\nsaid too'
    lines = [f'{n},"fine, lamp {n}",{"neg" if n % 3 else "pos"}' for n in range(60)]
    lines[30] = f'30,"{text}",pos'
    found = read("id,text,label\n" + "\n".join(lines) + "\n")
    assert len(found.cells) == 60
    assert found.cells[30] == ["30", text, "pos"]


def test_texts_of_several_lines_stay_whole(read: Read) -> None:
    long = "\n".join(f"line {n}, with a comma" for n in range(200))
    rows = [
        ["1", "two\nlines", "pos"],
        ["2", "a paragraph,\n\nand another", "neg"],
        ["3", long, "pos"],
        ["4", 'he said:\r\n"no, thanks"', "neg"],
        ["5", "1, first\n2, second", "neg"],
        ["6", "plain", "pos"],
    ]
    for columns in ([0, 1, 2], [1, 2], [0, 1], [1, 0, 2], [0, 2, 1]):
        names = [("id", "text", "label")[place] for place in columns]
        stream = io.StringIO(newline="")
        csv.writer(stream).writerows([names, *([row[place] for place in columns] for row in rows)])
        found = read(stream.getvalue())
        assert found.cells == [[row[place] for place in columns] for row in rows], columns


def test_a_very_long_cell(read: Read) -> None:
    huge = "word, " * 200_000
    assert texts(read(f'id,text\n1,"{huge}"\n2,x\n')) == [huge, "x"]


def test_a_stray_among_quoted_rows_costs_its_own_row_only(read: Read) -> None:
    lines = [f'{n},"well, {n}",pos' for n in range(100)]
    lines[50] = '50,"oh, 50,pos'
    found = read("id,text,label\n" + "\n".join(lines) + "\n")
    assert [cells[0] for cells in found.cells] == [str(n) for n in range(100)]
    assert [n for n, problem in enumerate(found.problems) if problem] == [50]
    assert found.problems[50] is BROKEN
    assert found.notes == ("1 row has quotation marks that do not pair; read line by line.",)


def test_a_pair_of_strays_among_quoted_rows_is_seen(read: Read) -> None:
    lines = [f'{n},"well, {n}",pos' if n % 2 else f"{n},well {n},neg" for n in range(100)]
    lines[50], lines[56] = '50,"well 50,neg', '56,well 56",neg'
    found = read("id,text,label\n" + "\n".join(lines) + "\n")
    assert [cells[0] for cells in found.cells] == [str(n) for n in range(100)]
    assert found.cells[50] == ["50", '"well 50', "neg"]
    assert any("do not pair" in note for note in found.notes)


@pytest.mark.parametrize(("lines", "rows"), [(29, 101), (30, 132)])
def test_a_cell_over_thirty_lines_that_are_rows_is_not_read_to_its_end(
    read: Read, lines: int, rows: int
) -> None:
    # No column holds numbers or labels, so that only the count of lines tells.
    others = "".join(f'"say {n:b} x y"\t"see {n:b} x y"\n' for n in range(100))
    inside = "".join(f"one {n:b} x y\ttwo {n:b} x y\n" for n in range(lines))
    found = read(f'text\tother\n{others}"he said ""go"" \n{inside}end"\tlast\n', ".tsv")
    assert len(found.cells) == rows
    assert found.quoting is Quoting.DOUBLED


def test_three_lines_that_are_rows_hide_in_no_cell_of_untyped_columns(read: Read) -> None:
    found = read('text,other\n"first open,b x y\nsecond x,c x y\nthird",d x y\n')
    assert [cells[1] for cells in found.cells] == ["b x y", "c x y", "d x y"]


@pytest.mark.parametrize(
    "end", ['3,"the text goes on', '3,"the text goes on\nand on\n\nand on, and so on', '3,"']
)
def test_a_file_cut_inside_a_cell_loses_that_row_only(read: Read, end: str) -> None:
    found = read(f'id,text\n1,"a, a"\n2,"b, b"\n{end}')
    assert [cells[0] for cells in found.cells] == ["1", "2", "3"]
    assert found.problems == [None, None, RowProblem.CUT_OFF]


def test_a_mark_costs_no_time_without_bound(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that each open a cell and never close one are split a bounded number of times."""
    from opinionlens.tabular.cells import Splitter

    calls = 0
    real = Splitter.go_on

    def counted(self: Splitter, *args: Any) -> None:
        nonlocal calls
        calls += 1
        real(self, *args)

    monkeypatch.setattr(Splitter, "go_on", counted)
    for line in ('"x', 'x,""y', '1,"a, b, c', '"" x,"'):
        calls = 0
        read("id,text\n" + f"{line}\n" * 2_000)
        assert calls < 2_000 * 25 * 3, line


# Cells of several lines hold no delimiter here: a line with as many as the header could be a row, which no
# reader can tell.
plain_cell = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r\n\ufeff"), max_size=15)
cells_of_lines = st.lists(st.text("ab \"'=", max_size=6), max_size=4).map("\n".join)
label = st.sampled_from(("pos", "neg"))


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.tuples(plain_cell | cells_of_lines, label), max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from((csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC)),
    end=st.sampled_from(("\n", "\r\n")),
)
def test_what_a_csv_writer_writes_is_read_back(
    read: Read, rows: list[tuple[str, str]], delimiter: str, quoting: int, end: str
) -> None:
    full = [[str(number), text, label] for number, (text, label) in enumerate(rows)]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerows([["id", "text", "label"], *full])
    found = read(stream.getvalue())
    assert found.cells == full
    assert set(found.problems) <= {None}


@settings(max_examples=200, deadline=None)
# The rows before the first stray hold one label alone.
@example(seed=5406, strays=3, delimiter=",", quoting=csv.QUOTE_MINIMAL)
# No row is beyond doubt: a stray opens a cell in the first one, and the last one holds a mark.
@example(seed=3913704505, strays=5, delimiter=",", quoting=csv.QUOTE_MINIMAL)
# A mark stands inside the number, or inside the label, of the row behind a stray that opens a cell.
@example(seed=3656327106, strays=2, delimiter=",", quoting=csv.QUOTE_MINIMAL)
@example(seed=3613582694, strays=5, delimiter=";", quoting=csv.QUOTE_MINIMAL)
@example(seed=155504088, strays=5, delimiter=";", quoting=csv.QUOTE_MINIMAL)
@given(
    seed=st.integers(0, 2**32),
    strays=st.integers(1, 5),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from((csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC)),
)
def test_strays_anywhere_change_no_number_of_rows(
    read: Read, seed: int, strays: int, delimiter: str, quoting: int
) -> None:
    rng = random.Random(seed)
    words = ("great", "bad", "fine thing", "really poor", "so so")
    rows = [
        [str(n), " ".join(rng.choices(words, k=rng.randint(1, 4))), rng.choice(("pos", "neg"))]
        for n in range(rng.randint(6, 60))
    ]
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(  # type: ignore[arg-type]
        [["id", "text", "label"], *rows]
    )
    lines = stream.getvalue().splitlines(keepends=True)
    for _ in range(strays):
        at = rng.randint(1, len(lines) - 1)
        place = rng.randint(0, len(lines[at]) - 1)
        lines[at] = f'{lines[at][:place]}"{lines[at][place:]}'
    assert len(read("".join(lines)).cells) == len(rows)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(('"', ",", "\n", "\r", "a", " ", "\x00", "\\", "é", "1,a,pos\n")), max_size=60)
)
def test_whatever_follows_the_header_no_row_is_lost_without_a_word(read: Read, pieces: list[str]) -> None:
    content = "".join(pieces)
    found = read("id,text,label\n" + content)
    # Blanks around quoted cells go, marks and backslashes may stand for others.
    visible = Counter(each for cells in found.cells for each in "".join(cells))
    assert all(visible[each] >= content.count(each) for each in "aé\x00pos1")
    assert all(len(cells) == 3 for cells in found.cells)
