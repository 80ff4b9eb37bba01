"""The stage on files of a user and on the sample: what it writes, and what it leaves alone."""

import json
import random
from contextlib import contextmanager

import polars as pl
import pytest

from opinionlens.base.errors import DatasetMalformed
from opinionlens.base.files import sha256_of_file
from opinionlens.base.progress import Quiet
from opinionlens.pipeline import fetch_data
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import SLICES, SPLITS, Paths
from opinionlens.pipeline.preprocess_data import run

LABELS = {"pos": "POSITIVE", "neu": "NEUTRAL", "neg": "NEGATIVE"}
COLUMNS = ["text", "label", "source", "group", "time", "confidence", "split"]


def params_of(*files, sources=None, seed=42, max_rows=None) -> Params:
    entries = [{"label_map": LABELS, **file} for file in files]
    return Params.model_validate(
        {
            "base": {"random_seed": seed},
            "data": {
                "sources": sources or [file["name"] for file in files],
                "files": entries,
                "max_rows": max_rows,
            },
        }
    )


@pytest.fixture
def project(tmp_path):
    """A project whose raw folder holds two files with rows in common, a contradiction and some damage."""
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    choose = random.Random(1)
    words = ["good", "bad", "flight", "phone", "late", "great", "never", "again", "seat", "screen"]
    texts = sorted({" ".join(choose.choices(words, k=choose.randint(2, 6))) for _ in range(700)})
    rows = [(text, choose.choice(list(LABELS)), f"author {choose.randrange(60)}") for text in texts]
    one = [f'"{text}",{label},{who}' for text, label, who in rows[:400]]
    one += ["only one field", ",pos,me", 'the file ends "here,pos', '"cut off']
    (raw / "one.csv").write_text("text,label,who\n" + "\n".join(one))
    two = [{"body": f"@you {text.upper()}!!", "stars": label} for text, label, _ in rows[350:]]
    two.append({"body": rows[0][0], "stars": "neg" if rows[0][1] == "pos" else "pos"})
    (raw / "two.jsonl").write_text("".join(json.dumps(row) + "\n" for row in two))
    return Paths(tmp_path)


ONE = {"name": "one", "path": "one.csv", "group_column": "who"}
TWO = {"name": "two", "path": "two.jsonl", "text_column": "body", "label_column": "stars"}


def outputs(paths: Paths) -> dict[str, str]:
    folders = (paths.preprocessed, paths.eval_data, paths.metrics)
    return {path.name: sha256_of_file(path) for folder in folders for path in folder.iterdir()}


def report(paths: Paths):
    return json.loads((paths.metrics / "data_report.json").read_text())


def test_splits_and_slices_hold_raw_texts_in_the_agreed_columns(project):
    run(params_of(ONE, TWO), project, Quiet())
    files = {path.stem for path in [*project.preprocessed.iterdir(), *project.eval_data.iterdir()]}
    assert files == {*SPLITS, *SLICES}
    for name in SPLITS:
        frame = pl.read_parquet(project.preprocessed / f"{name}.parquet")
        assert frame.columns == COLUMNS
        assert set(frame["split"]) == {name}
        assert any(text.startswith("@you ") for text in frame["text"])
    test = pl.read_parquet(project.preprocessed / "test.parquet")
    for name in SLICES:
        part = pl.read_parquet(project.eval_data / f"{name}.parquet")
        assert part.columns == COLUMNS
        assert 0 < part.height <= test.height
        assert part.join(test, on=COLUMNS, how="anti", nulls_equal=True).is_empty()


def test_every_row_of_every_file_is_accounted_for(project):
    run(params_of(ONE, TWO), project, Quiet())
    written = report(project)
    for name, rows_in in (
        ("one", 404),
        ("two", len((project.raw("data/raw") / "two.jsonl").read_text().splitlines())),
    ):
        source = written["sources"][name]
        gone = sum(source["rejected"].values()) + sum(source["removed"].values())
        assert source["rows_in"] == rows_in == source["kept"] + gone
        assert sum(part["rows"] for part in source["splits"].values()) == source["kept"]
    assert written["sources"]["one"]["rejected"] == {"missing_column": 2, "empty_text": 1, "cut_off": 1}
    assert written["conflicting_texts"] == 1
    assert written["rows"]["conflicting_label"] == 2
    assert written["leakage"] == {"texts": 0, "groups": 0}
    assert written["rows"]["duplicate_of_another_source"] == 50
    rows = sum(pl.read_parquet(project.preprocessed / f"{name}.parquet").height for name in SPLITS)
    assert rows == written["rows"]["kept"]


@pytest.mark.parametrize(
    ("max_rows", "asked"),
    [(150, {"one": 150, "two": 150}), ({"two": 120}, {"two": 120})],
)
def test_a_source_gives_as_many_texts_as_asked(project, max_rows, asked):
    run(params_of(ONE, TWO, max_rows=max_rows), project, Quiet())
    written = report(project)
    over = 0
    for name, source in written["sources"].items():
        gone = sum(source["rejected"].values()) + sum(source["removed"].values())
        assert source["rows_in"] == source["kept"] + gone
        assert source.get("max_rows") == asked.get(name)
        assert name not in asked or source["kept"] == asked[name]
        over += source["removed"].get("over_max_rows", 0)
    assert written["rows"]["over_max_rows"] == over > 0
    assert written["leakage"] == {"texts": 0, "groups": 0}


def test_without_a_limit_the_report_does_not_speak_of_one(project):
    run(params_of(ONE, TWO), project, Quiet())
    assert "max_rows" not in (project.metrics / "data_report.json").read_text()


def test_rows_of_a_sample_are_on_the_side_where_they_were(project):
    def side_of():
        frames = [pl.read_parquet(project.preprocessed / f"{name}.parquet") for name in SPLITS]
        return dict(pl.concat(frames).select("text", "split").rows())

    run(params_of(TWO), project, Quiet())
    everything = side_of()
    run(params_of(TWO, max_rows=100), project, Quiet())
    sample = side_of()
    assert len(sample) == 100
    assert sample == {text: everything[text] for text in sample}


class Said(Quiet):
    """Remembers what was said."""

    def __init__(self):
        self.said = []

    def say(self, text):
        self.said.append(text)


def test_the_stage_says_how_many_texts_a_limit_let_through(project):
    reporter = Said()
    run(params_of(TWO, max_rows={"two": 9000}), project, reporter)
    kept = report(project)["sources"]["two"]["kept"]
    assert f"two: {kept} texts taken; data.max_rows allows 9,000" in reporter.said


class Told(Quiet):
    """Remembers what the bar for the files was told."""

    def __init__(self):
        self.told = []

    @contextmanager
    def track(self, description, total=None, *, unit=None):
        self.told.append((description, total))
        yield self if description == "reading files" else Quiet()

    def advance(self, amount=1):
        self.told.append(amount)

    def note(self, text):
        self.told.append(text)


def test_progress_is_over_files_and_their_rows(project):
    folder = project.raw("data/raw") / "tweet_eval"
    folder.mkdir()
    for part, lines in (("test", 1000), ("train", 2000)):
        (folder / f"{part}_text.txt").write_text("".join(f"tweet {part} {n}\n" for n in range(lines)))
        (folder / f"{part}_labels.txt").write_text("0\n" * lines)
    reporter = Told()
    run(params_of(ONE, TWO, sources=["one", "tweet_eval", "two"]), project, reporter)
    two = len((project.raw("data/raw") / "two.jsonl").read_text().splitlines())
    assert reporter.told[: reporter.told.index(f"{3404 + two:,} rows") + 1] == [
        ("reading files", 4),
        "0 rows so far, one",
        1,
        "404 rows so far, one",
        "404 rows so far, tweet_eval",
        1,
        "1,404 rows so far, tweet_eval",
        1,
        "3,404 rows so far, tweet_eval",
        "3,404 rows so far, two",
        1,
        f"{3404 + two:,} rows so far, two",
        f"{3404 + two:,} rows",
    ]


def test_no_text_and_no_author_is_on_two_sides(project):
    run(params_of(ONE, TWO), project, Quiet())
    sides: dict[str, set[str]] = {}
    for name in SPLITS:
        for text, group in (
            pl.read_parquet(project.preprocessed / f"{name}.parquet").select("text", "group").rows()
        ):
            plain = text.lower().removeprefix("@you ").removesuffix("!!")
            sides.setdefault(f"text {plain}", set()).add(name)
            if group:
                sides.setdefault(f"group {group}", set()).add(name)
    assert all(len(found) == 1 for found in sides.values())


def test_equal_input_gives_equal_bytes(project):
    run(params_of(ONE, TWO), project, Quiet())
    before = outputs(project)
    run(params_of(ONE, TWO), project, Quiet())
    assert outputs(project) == before
    run(params_of(ONE, TWO, seed=43), project, Quiet())
    assert outputs(project) != before


def test_the_report_holds_no_place_and_no_time(project):
    run(params_of(ONE, TWO), project, Quiet())
    text = (project.metrics / "data_report.json").read_text()
    assert str(project.root) not in text
    assert "/" not in text


def test_a_source_more_moves_no_row_and_takes_no_text_out_of_the_test(project):
    def side_of_rows():
        return {
            row: name
            for name in SPLITS
            for row in pl.read_parquet(project.preprocessed / f"{name}.parquet")
            .select("text", "label", "source", "group")
            .rows()
        }

    def side_of_texts():
        return {
            text.lower().removeprefix("@you ").removesuffix("!!"): name
            for name in SPLITS
            for text in pl.read_parquet(project.preprocessed / f"{name}.parquet")["text"]
        }

    run(params_of(TWO), project, Quiet())
    before, rows_before = side_of_texts(), side_of_rows()
    run(params_of(ONE, TWO), project, Quiet())
    after, rows_after = side_of_texts(), side_of_rows()
    assert {row: rows_after.get(row, side) for row, side in rows_before.items()} == rows_before
    assert len(rows_before.keys() & rows_after.keys()) > len(rows_before) / 2
    tested = [text for text, side in before.items() if side == "test"]
    assert tested
    assert {after.get(text, "test") for text in tested} == {"test"}


def test_the_users_files_are_never_touched(project):
    raw = project.raw("data/raw")

    def state():
        return {
            path.relative_to(raw): (
                path.stat().st_mtime_ns,
                path.stat().st_mode,
                path.is_file() and sha256_of_file(path),
            )
            for path in [raw, *raw.rglob("*")]
        }

    before = state()
    params = params_of(ONE, TWO, sources=["brand_tweets", "one"])
    fetch_data.run(params, project, Quiet())
    run(params, project, Quiet())
    with pytest.raises(DatasetMalformed):
        run(params_of(ONE | {"label_map": {"pos": "POSITIVE"}}), project, Quiet())
    assert state() == before


def test_a_failure_leaves_the_last_outputs_whole(project):
    run(params_of(ONE), project, Quiet())
    before = outputs(project)
    (project.raw("data/raw") / "two.jsonl").write_text("no json\n")
    with pytest.raises(DatasetMalformed):
        run(params_of(ONE, TWO), project, Quiet())
    assert outputs(project) == before
    assert not list(project.root.rglob(".*"))


def test_a_failure_while_writing_leaves_the_last_outputs_whole(project, monkeypatch):
    run(params_of(ONE), project, Quiet())
    before = outputs(project)

    def full_disk(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full_disk)
    with pytest.raises(OSError, match="No space"):
        run(params_of(ONE, TWO), project, Quiet())
    assert outputs(project) == before
    assert not list(project.root.rglob(".*"))


def test_too_little_data_is_refused(project):
    (project.raw("data/raw") / "one.csv").write_text("text,label,who\ngood,pos,me\nbad,neg,you\n")
    with pytest.raises(DatasetMalformed, match="too little data"):
        run(params_of(ONE), project, Quiet())
    assert not project.preprocessed.exists()


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    paths = Paths(tmp_path_factory.mktemp("sample"))
    (paths.root / "data" / "raw").mkdir(parents=True)
    fetch_data.run(Params(), paths, Quiet())
    run(Params(), paths, Quiet())
    return paths


def test_the_sample_has_the_rows_and_labels_that_its_card_promises(sample):
    source = report(sample)["sources"]["brand_tweets"]
    assert source["rows_in"] == 38158
    assert source["rejected"] == {}
    assert source["noted"] == {"not_utf8": 4934, "replacement_character": 4934}


def test_duplicates_of_the_sample_are_about_as_many_as_were_measured(sample):
    # About 2,500 with urls and user names ignored, another 1,000 with "RT @name:" ignored as well.
    written = report(sample)
    removed = written["sources"]["brand_tweets"]["removed"]
    texts = written["rows"]["kept"] + written["conflicting_texts"]
    assert 3300 < 38158 - texts < 3600
    assert removed["conflicting_label"] > written["conflicting_texts"] > 100
    assert removed["duplicate_of_another_source"] == 0


def test_the_sample_is_divided_in_the_shares_of_the_parameters(sample):
    written = report(sample)
    wanted = dict(zip(SPLITS, Params().preprocessing.data_splits, strict=True))
    labels = written["sources"]["brand_tweets"]["labels"]
    for name, share in wanted.items():
        assert written["splits"][name]["share"] == pytest.approx(share, abs=0.01)
        assert written["splits"][name]["labels"] == pytest.approx(labels, abs=0.02)


def test_slices_of_the_sample_are_what_their_names_say(sample):
    lengths = {
        name: pl.read_parquet(sample.eval_data / f"{name}.parquet")["text"].str.split(" ").list.len()
        for name in ("short_text", "long_text")
    }
    assert lengths["short_text"].mean() < 10 < 20 < lengths["long_text"].mean()
    balanced = pl.read_parquet(sample.eval_data / "balanced_data.parquet")
    assert balanced["label"].value_counts()["count"].n_unique() == 1
    assert balanced["label"].n_unique() == 3
