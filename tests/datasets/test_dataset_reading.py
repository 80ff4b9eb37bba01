"""Every record is either kept or counted under one reason."""

from collections import Counter

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opinionlens.base.errors import DatasetMalformed, DatasetMissing
from opinionlens.base.files import sha256_of_file
from opinionlens.datasets.card import Columns, HubFiles, Layout
from opinionlens.datasets.dataset_reading import Note, read_dataset
from opinionlens.datasets.table import Rejection
from opinionlens.text.labels import Label

GOOD = "text,label\nwell done,pos\n"


@pytest.fixture
def read(places, make_card):
    def read_text(data: str | bytes, **changes):
        card = make_card(**changes)
        (places.raw / card.path).write_bytes(data if isinstance(data, bytes) else data.encode())
        return read_dataset(card, places)

    return read_text


def test_a_reading_has_the_columns_that_every_stage_relies_on(read):
    reading = read(
        "id,text,label,who,when,sure\n1, Well done! ,POS ,me,1303862400, 0.75\n2,bad,neg,,never,\n",
        columns=Columns(text="text", label="label", group="who", time="when", confidence="sure"),
        time_formats=("%s",),
    )
    assert reading.frame.to_dicts() == [
        {
            "text": " Well done! ",
            "label": "POSITIVE",
            "source": "mine",
            "group": "me",
            "time": "2011-04-27T00:00:00Z",
            "confidence": 0.75,
        },
        {
            "text": "bad",
            "label": "NEGATIVE",
            "source": "mine",
            "group": None,
            "time": None,
            "confidence": None,
        },
    ]
    assert reading.noted == {Note.TIME_UNREADABLE: 1}
    assert not reading.rejected


@pytest.mark.parametrize(
    ("cell", "confidence"),
    [("0", 0.0), ("1", 1.0), ("1.01", None), ("-0.1", None), ("nan", None), ("high", None), ("", None)],
)
def test_a_confidence_is_a_number_from_0_to_1(read, cell, confidence):
    columns = Columns(text="text", label="label", confidence="sure")
    assert read(f"text,label,sure\nwell done,pos,{cell}\n", columns=columns).frame[
        "confidence"
    ].to_list() == [confidence]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("only one field", Rejection.MISSING_COLUMN),
        ("a,pos,c", Rejection.EXTRA_COLUMN),
        ('"a,pos', Rejection.CUT_OFF),
        ("a\0b,pos", Rejection.NUL_CHARACTER),
        ("a,p\0s", Rejection.NUL_CHARACTER),
        (",pos", Rejection.EMPTY_TEXT),
        ("  \t\u3000,pos", Rejection.EMPTY_TEXT),
        ("\u200b\ufeff \u200d,pos", Rejection.EMPTY_TEXT),
        ("\u3164\u2800\u202e,pos", Rejection.EMPTY_TEXT),
        (",", Rejection.EMPTY_TEXT),
        ("a,", Rejection.MISSING_LABEL),
        ("a,  ", Rejection.MISSING_LABEL),
        ("a,splendid", Rejection.UNKNOWN_LABEL),
        ("a,Mixed", Rejection.IGNORED_LABEL),
    ],
)
def test_each_fault_has_its_own_count(read, record, reason):
    reading = read(GOOD + record)
    assert reading.frame["text"].to_list() == ["well done"]
    assert reading.rejected == {reason: 1}
    assert reading.rows_in == 2


field = st.text(alphabet="ab \0\u200b,é", max_size=3) | st.sampled_from(["pos", "neg", "Mixed", "POS "])


@given(
    rows=st.lists(st.lists(field, min_size=1, max_size=3), max_size=12),
    newline=st.sampled_from(["\n", "\r\n"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_rows_in_are_rows_kept_plus_rows_rejected(read, rows, newline):
    def expected(row):
        text, label = row[0], row[1] if len(row) > 1 else ""
        if len(row) == 1:
            return Rejection.MISSING_COLUMN
        if len(row) == 3 and row[2]:
            return Rejection.EXTRA_COLUMN
        if "\0" in text + label:
            return Rejection.NUL_CHARACTER
        if not text.replace("\u200b", " ").strip():
            return Rejection.EMPTY_TEXT
        if not label.strip():
            return Rejection.MISSING_LABEL
        known = {"pos": "kept", "neg": "kept", "mixed": Rejection.IGNORED_LABEL}
        return known.get(label.strip().casefold(), Rejection.UNKNOWN_LABEL)

    quoted = [",".join(f'"{cell}"' for cell in row) for row in rows]
    reading = read(newline.join([GOOD.replace("\n", newline).rstrip(), *quoted]))
    counts = Counter(map(expected, rows))
    assert reading.frame.height == counts.pop("kept", 0) + 1
    assert reading.rejected == dict(counts)
    assert reading.rows_in == len(rows) + 1


def test_remarkable_texts_are_kept_and_counted(read):
    reading = read(
        "text,label\nitâ€™s fine,pos\nCafÃ© au lait,pos\nlost \ufffd,neg\nplain â and Ã,neg\n".encode()
        + b"n\xe9e,pos\n"
    )
    assert reading.frame.height == 5
    assert reading.noted == {Note.MOJIBAKE: 2, Note.REPLACEMENT_CHARACTER: 1, Note.NOT_UTF8: 1}


@pytest.mark.parametrize("path", ["mine.jsonl", "mine.parquet"])
def test_other_formats_are_judged_alike(places, make_card, json_lines, path):
    rows = [("good", "pos"), ("", "pos"), ("bad", None), ("so so", "mixed"), ("what", "?")]
    if path == "mine.parquet":
        pl.DataFrame(rows, schema=["text", "label"], orient="row").write_parquet(places.raw / path)
    else:
        text = json_lines(*({"text": text, "label": label} for text, label in rows))
        (places.raw / path).write_text(text)
    reading = read_dataset(make_card(path=path), places)
    assert reading.frame["text"].to_list() == ["good"]
    assert reading.rejected == {
        Rejection.EMPTY_TEXT: 1,
        Rejection.MISSING_LABEL: 1,
        Rejection.IGNORED_LABEL: 1,
        Rejection.UNKNOWN_LABEL: 1,
    }


def test_a_label_map_that_does_not_cover_the_file_is_refused_with_the_values(read):
    rows = "text,label\n" + "a,pos\n" * 5 + "b,neutral\n" * 3 + "c,meh\n"
    with pytest.raises(DatasetMalformed, match=r"4 of 9 rows.*'neutral' \(3 rows\), 'meh' \(1 row\)"):
        read(rows, unknown_labels_allowed=0.001)


def test_a_few_damaged_labels_in_a_large_file_are_only_counted(read):
    rows = "text,label\n" + "a,pos\n" * 1999 + "b,p0s\n"
    assert read(rows, unknown_labels_allowed=0.001).rejected == {Rejection.UNKNOWN_LABEL: 1}
    with pytest.raises(DatasetMalformed, match="2 of 2000"):
        read("text,label\n" + "a,pos\n" * 1998 + "b,p0s\nb,neq\n", unknown_labels_allowed=0.0009)


def test_a_file_without_a_usable_row_is_refused_with_the_reasons(read):
    with pytest.raises(
        DatasetMalformed, match=r"no row of `mine` is usable \(1 empty_text, 2 ignored_label\)"
    ):
        read("text,label\n,pos\na,mixed\nb,mixed\n")
    with pytest.raises(DatasetMalformed, match="the file is empty"):
        read("text,label\n")


@pytest.mark.parametrize(
    ("magic", "what"), [(b"PK\x03\x04", "a zip archive"), (b"\x1f\x8b\x08", "a gzip archive")]
)
def test_an_archive_is_called_by_its_name(read, magic, what):
    with pytest.raises(DatasetMalformed, match=f"is {what}.*Unpack it"):
        read(magic + b"...")


def test_a_file_other_than_the_one_described_is_refused(read, places):
    read(GOOD)
    digest = sha256_of_file(places.raw / "mine.csv")
    assert read(GOOD, sha256=digest).rows_in == 1
    with pytest.raises(DatasetMalformed, match="SHA-256 differs"):
        read(GOOD + "more,pos\n", sha256=digest)


def test_the_rows_of_every_file_are_told_as_soon_as_it_is_read(make_card, places):
    folder = places.raw / "tweets"
    folder.mkdir()
    for name, lines in (("test", 3), ("train", 5)):
        (folder / f"{name}_text.txt").write_text("a\n" * lines)
        (folder / f"{name}_labels.txt").write_text(
            "pos\n" * (lines - 1)
        )  # one label short: told all the same
    card = make_card(layout=Layout.TWEET_EVAL, path="tweets", origin=HubFiles("a/b", "c", ()))
    told = []
    assert read_dataset(card, places, told.append).rows_in == 8
    assert told == [3, 5]


def test_a_missing_file(make_card, places):
    with pytest.raises(DatasetMissing, match="`mine`"):
        read_dataset(make_card(), places)


def test_a_file_that_may_not_be_read_is_no_traceback(make_card, places, monkeypatch):
    (places.raw / "mine.csv").write_text(GOOD)

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)  # the tests may run as root, who may read everything
    with pytest.raises(DatasetMalformed, match="cannot be opened: Permission denied"):
        read_dataset(make_card(), places)


def test_several_times_formats_are_tried_in_turn(read):
    reading = read(
        "text,label,when\na,pos,24-02-2015 9.35\nb,pos,2015-02-24 11:35:52 -0800\nc,pos,\n",
        columns=Columns(text="text", label="label", time="when"),
        time_formats=("%d-%m-%Y %H.%M", "%Y-%m-%d %H:%M:%S %z"),
    )
    assert reading.frame["time"].to_list() == ["2015-02-24T09:35:00", "2015-02-24T19:35:52Z", None]
    assert not reading.noted


def test_times_without_a_format_stay_as_they_are(read):
    reading = read(
        "text,label,when\na,pos,Tuesday\n", columns=Columns(text="text", label="label", time="when")
    )
    assert reading.frame["time"].to_list() == ["Tuesday"]


def test_a_map_can_join_several_labels(read):
    labels = {"1": Label.NEGATIVE, "2": Label.NEGATIVE, "3": Label.NEUTRAL}
    reading = read("text,label\na,1\nb,2.0\nc,3\n", labels=labels)
    assert reading.frame["label"].to_list() == ["NEGATIVE", "NEGATIVE", "NEUTRAL"]
