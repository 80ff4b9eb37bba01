"""What crosses the pipe arrives as it was sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from opinionlens.base import errors
from opinionlens.registry import RegistryLoginNeeded, SourceRun, Version
from opinionlens.registry.wire import (
    RUN,
    VERSION,
    as_json,
    error_as_dict,
    error_from_dict,
)

TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))  # noqa: DTZ001
TEXTS = st.text(max_size=20)
MAYBE = st.none() | TEXTS
TAGS = st.dictionaries(TEXTS, TEXTS, max_size=3)
SCORES = st.dictionaries(TEXTS, st.floats(allow_nan=False, allow_infinity=False), max_size=3)

VERSIONS = st.builds(
    Version,
    name=TEXTS,
    number=st.integers(1),
    digest=MAYBE,
    kind=MAYBE,
    created=TIMES,
    run_id=MAYBE,
    aliases=st.lists(TEXTS, max_size=3).map(tuple),
    tags=TAGS,
    servable=st.booleans(),
    why_not_servable=MAYBE,
    scores=SCORES,
)
RUNS = st.builds(
    SourceRun,
    run_id=TEXTS,
    name=TEXTS,
    params=TAGS,
    metrics=SCORES,
    tags=TAGS,
    started=TIMES,
    ended=st.none() | TIMES,
)


@given(VERSIONS)
def test_a_version_arrives_as_it_was(version):
    assert VERSION.validate_python(json.loads(json.dumps(as_json(VERSION, version)))) == version


@given(RUNS)
def test_a_run_arrives_as_it_was(run):
    assert RUN.validate_python(json.loads(json.dumps(as_json(RUN, run)))) == run


@given(TEXTS, MAYBE, MAYBE)
def test_an_error_arrives_as_it_was(what, where, remedy):
    for kind in (errors.VersionNotFound, errors.ArtifactTampered, errors.InputError, RegistryLoginNeeded):
        sent = kind(what, where=where, remedy=remedy)

        got = error_from_dict(json.loads(json.dumps(error_as_dict(sent))))

        assert (type(got), got.what, got.where, got.remedy) == (kind, what, where, remedy)


def test_an_error_of_an_unknown_kind_is_one_of_the_registry():
    value = {"type": "SomethingNew", "what": "w", "where": None, "remedy": None}

    assert type(error_from_dict(value)) is errors.RegistryError
