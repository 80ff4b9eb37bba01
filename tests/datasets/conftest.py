"""Cards and files of our own: no test needs the real collections."""

import json

import polars as pl
import pytest

from opinionlens.datasets.card import Card, Columns, CommercialUse, Layout, UserFile
from opinionlens.datasets.finding import Places
from opinionlens.text.labels import Label


@pytest.fixture
def places(tmp_path) -> Places:
    (tmp_path / "raw").mkdir()
    (tmp_path / "fetched").mkdir()
    return Places(raw=tmp_path / "raw", fetched=tmp_path / "fetched")


@pytest.fixture
def make_card():
    """A card of a CSV file `mine.csv` with the columns text and label, with any field changed."""

    def make(**changes) -> Card:
        fields = {
            "name": "mine",
            "title": "Mine",
            "source_url": "https://example.org",
            "licence": "CC0",
            "commercial_use": CommercialUse.ALLOWED,
            "terms": "Any use.",
            "citation": "Me, 2026.",
            "how_to_get": "Write it.",
            "origin": UserFile(),
            "layout": Layout.TABLE,
            "path": "mine.csv",
            "columns": Columns(text="text", label="label"),
            "labels": {"neg": Label.NEGATIVE, "pos": Label.POSITIVE, "mixed": None},
            "unknown_labels_allowed": 1.0,
        }
        return Card(**fields | changes)

    return make


@pytest.fixture
def frame_of():
    """A frame as `read_dataset` gives it, from (text, label[, source[, group]]) tuples."""

    def make(*rows) -> pl.DataFrame:
        full = [(*row, *("one", None)[len(row) - 2 :], None, None) for row in rows]
        columns = ("text", "label", "source", "group", "time")
        schema = dict.fromkeys(columns, pl.String) | {"confidence": pl.Float64}
        return pl.DataFrame(full, schema=schema, orient="row")

    return make


@pytest.fixture
def json_lines():
    return lambda *values: "".join(json.dumps(value) + "\n" for value in values)
