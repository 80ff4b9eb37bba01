"""What is measured on, and what is written about it."""

from __future__ import annotations

import hashlib
import json
import re

import polars as pl
import pytest
from matplotlib.figure import Figure

from opinionlens.base.progress import Quiet
from opinionlens.datasets.identity import with_identity


@pytest.fixture(scope="module")
def quality(benchmarks_on_the_path):
    import benchmarks.quality.__main__ as program

    return program


TEXTS = [(f"row {number} is {'fine' if number % 2 else 'awful'}", number % 2) for number in range(400)]


def write(path, rows):
    labels = ("NEGATIVE", "POSITIVE")
    lines = ["text,label", *(f"{text},{labels[code]}" for text, code in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class TestHalves:
    def test_every_text_is_in_one_and_about_as_many_in_each(self, quality, tmp_path):
        write(tmp_path / "one.csv", TEXTS)
        choice = quality.sets.Choice()
        (first,), (second,) = (quality.sets.from_dev(tmp_path, half, choice) for half in ("a", "b"))
        assert (first.name, second.name) == ("one, half a", "one, half b")
        assert sorted([*first.texts, *second.texts]) == sorted(text for text, _ in TEXTS)
        # Five standard deviations of a fair coin.
        assert 150 < len(first.texts) < 250

    @pytest.mark.parametrize(
        ("text", "half"),
        # The last hexadecimal digit of `printf %s 'half:great food' | sha256sum` is even, and so on.
        [("great food", "b"), ("awful", "b"), ("Это хорошо", "a"), ("", "a")],
    )
    def test_it_stays_where_it_was_when_things_were_chosen(self, quality, text, half):
        assert quality.sets.half_of(text) == half

    def test_the_text_alone_decides(self, quality):
        # What was chosen on half a, was chosen on this one.
        for text, _ in TEXTS[:20]:
            number = int(hashlib.sha256(f"half:{text}".encode()).hexdigest(), 16)
            assert quality.sets.half_of(text) == "ab"[number % 2]


class TestSets:
    def test_labels_come_with_their_texts(self, quality, tmp_path):
        found = quality.sets.from_file(write(tmp_path / "own.csv", TEXTS[:5]), quality.sets.Choice())
        assert dict(zip(found.texts, found.truth.tolist(), strict=True)) == {
            text: 2 * code for text, code in TEXTS[:5]
        }

    def test_a_large_set_is_sampled_by_class(self, quality, tmp_path):
        rows = TEXTS[0::2] + TEXTS[1:100:2]  # 200 and 50
        found = quality.sets.from_file(write(tmp_path / "own.csv", rows), quality.sets.Choice(max_rows=50))
        assert [(found.truth == code).sum() for code in range(3)] == [40, 0, 10]

    def test_what_a_model_has_learnt_is_left_out(self, quality, tmp_path):
        frame = pl.DataFrame(
            {
                "text": ["ROW 3, is fine!", "row 4 is awful"],
                "source": "x",
                "group": pl.Series([None, None], dtype=pl.String),
            }
        )
        for name, rows in (("train", frame[:1]), ("val", frame[1:]), ("test", frame[:0])):
            rows.write_parquet(tmp_path / f"{name}.parquet")
        keys = quality.sets.keys_in(tmp_path)
        assert keys == set(with_identity(frame, 7)["key"])
        choice = quality.sets.Choice(seen=keys)
        found = quality.sets.from_file(write(tmp_path / "own.csv", TEXTS[:6]), choice)
        assert sorted(found.texts) == ["row 0 is awful", "row 1 is fine", "row 2 is awful", "row 5 is fine"]
        assert found.seen == 2

    def test_none_left_is_said(self, quality, tmp_path):
        path = write(tmp_path / "own.csv", TEXTS[:2])
        keys = with_identity(
            pl.DataFrame({"text": [text for text, _ in TEXTS[:2]], "source": "x"}).with_columns(
                group=pl.lit(None, pl.String)
            ),
            0,
        )["key"]
        with pytest.raises(SystemExit, match="own: no text is left"):
            quality.sets.from_file(path, quality.sets.Choice(seen=frozenset(keys)))


class TestProgram:
    @pytest.fixture
    def run(self, quality, monkeypatch, capsys):
        def run(*options):
            monkeypatch.setattr("sys.argv", ["quality", *map(str, options)])
            quality.main()
            return capsys.readouterr().out

        return run

    def test_prints_and_writes_a_table_for_each_set(self, run, tmp_path):
        path = write(tmp_path / "own.csv", TEXTS[:40])
        dev = tmp_path / "dev"
        dev.mkdir()
        write(dev / "other.csv", TEXTS[40:80])
        printed = run("--models", "lexicon", "--dev", dev, "--out", tmp_path / "out", path)
        assert printed == (tmp_path / "out" / "quality.md").read_text(encoding="utf-8")
        assert "**other, half a**: n = " in printed
        assert "**own**: n = 40 (20 negative, 20 positive); the sign decides, ties count half." in printed
        # "awful" and "fine" are in every list.
        assert "| TextBlob | 1.000 | 1.000 |\n| built-in word list | 1.000 | 1.000 |\n" in printed
        assert re.search(r"\|  \| other, half a \(n = \d+\) \| own \(n = 40\) \|", printed)
        assert printed.count("\n| VADER | ") == 3
        found = json.loads((tmp_path / "out" / "quality.json").read_text(encoding="utf-8"))
        assert list(found) == ["other, half a", "own"]
        assert found["own"]["contenders"]["built-in word list"]["macro_recall"]["value"] == 1
        assert (tmp_path / "out" / "quality.svg").read_bytes().startswith(b"<?xml")

    def test_the_picture_has_room_for_seven(self, quality, tmp_path, monkeypatch):
        shown = []
        monkeypatch.setattr(quality.report, "drawn", lambda sets: shown.append(sets) or Figure())
        labelled = [quality.sets.LabelledSet("own", ["awful", "fine"], pl.Series([0, 2]).to_numpy())]
        vader, *_ = quality.contenders.word_lists()
        asked = [quality.Contender(f"model {number}", vader.answer) for number in range(9)]
        measured = quality.measure(asked, labelled, Quiet())
        quality.report.write(measured, tmp_path)
        assert [list(values) for values in shown[0].values()] == [[f"model {number}" for number in range(7)]]
        assert "| model 8 | 1.000 |" in (tmp_path / "quality.md").read_text(encoding="utf-8")

    def test_the_second_half_has_to_be_asked_for(self, run, tmp_path):
        write(tmp_path / "other.csv", TEXTS[:80])
        assert "half b" not in run("--dev", tmp_path)
        assert "half a" not in run("--dev", tmp_path, "--half", "b")
        assert "**other**: n = 80 (" in run("--dev", tmp_path, "--half", "all")

    def test_a_folder_without_a_model_is_said(self, run, tmp_path):
        with pytest.raises(SystemExit, match="There is no classifier"):
            run(write(tmp_path / "own.csv", TEXTS[:4]), "--models", tmp_path)

    def test_nothing_to_measure_on_is_said(self, run, capsys):
        with pytest.raises(SystemExit):
            run("--models", "lexicon")
        assert "name labelled files" in capsys.readouterr().err

    def test_a_set_that_a_model_has_learnt_is_marked(self, quality):
        labelled = [quality.sets.LabelledSet("brand_tweets", ["awful", "fine"], pl.Series([0, 2]).to_numpy())]
        asked = [*quality.contenders.word_lists(), quality.contenders.from_option("lexicon")]
        (measured,) = quality.measure(asked, labelled, Quiet())
        assert measured.learnt == {"built-in word list"}
        printed = quality.report.markdown([measured])
        assert "|  | brand_tweets (n = 2) |" in printed
        assert "| built-in word list | 1.000 † |" in printed
        assert "no fair comparison" in printed


def test_figures_of_another_vader_are_not_shown(quality, monkeypatch):
    assert quality.contenders.check_vader(["great food", "not bad", ""]) < 1e-4
    monkeypatch.setattr(quality.contenders.vader, "compound", lambda text: 0.5)
    with pytest.raises(SystemExit, match="would not be VADER's"):
        quality.contenders.check_vader(["great food"])
