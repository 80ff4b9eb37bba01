"""Tags come from the registry, where anybody may write them: what cannot be is said, never tripped over."""

import json

import pytest

from opinionlens.base.errors import VersionNotServable
from opinionlens.registry import MemoryRegistry
from opinionlens.registry.tags import evals_of, fault_of, size_of

GOOD = {
    "digest": "a" * 64,
    "bytes": "123456",
    "evals": '{"slices": {"s": {"n": 3, "ece": null}}, "behaviour": {"t": 0.5}}',
}

HOSTILE = {
    "digits instead of a digest": {"digest": "7" * 5_000},
    "a digest that is a path": {"digest": "../" * 20 + "etc"},
    "5,000 digits of bytes": {"bytes": "9" * 5_000},
    "16 digits of bytes": {"bytes": "9" * 16},
    "negative bytes": {"bytes": "-1"},
    "other digits": {"bytes": "\u0663"},
    "NaN": {"evals": '{"slices": {"s": {"n": NaN}}}'},
    "infinity": {"evals": '{"behaviour": {"t": 1e999}}'},
    "5,000 digits": {"evals": '{"behaviour": {"t": ' + "9" * 5_000 + "}}"},
    "400 digits": {"evals": '{"behaviour": {"t": ' + "9" * 400 + "}}"},
    "4,000 brackets": {"evals": "[" * 4_000},
    "4,000 braces": {"evals": '{"a":' * 1_300 + "1" + "}" * 1_300},
    "too long": {"evals": '{"slices": {"' + "s" * 9_000 + '": {}}}'},
    "no object": {"evals": "[]"},
    "no table": {"evals": '{"slices": 1}'},
    "a table of texts": {"evals": '{"slices": {"s": {"n": "<b>"}}}'},
    "a yes": {"evals": '{"behaviour": {"t": true}}'},
}


def test_what_promote_writes_is_no_fault():
    assert fault_of(GOOD) is None
    assert fault_of({"digest": "a" * 64}) is None
    assert (size_of(GOOD), size_of({})) == (123_456, None)
    assert evals_of(GOOD)["behaviour"] == {"t": 0.5}
    assert evals_of({}) == {}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_tag_is_named_with_the_way_out(hostile):
    [(name, value)] = hostile.items()
    said = fault_of(GOOD | hostile)
    assert said is not None
    assert f"`{name}`" in said
    assert "opinionlens promote" in said
    assert value not in said


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_version_with_a_hostile_tag_is_listed_and_refused(hostile, tmp_path):
    registry = MemoryRegistry()
    registry.add_foreign("m", tags=GOOD | hostile)
    [version] = registry.versions("m")
    assert not version.servable
    assert json.dumps(version.why_not_servable)
    with pytest.raises(VersionNotServable, match="tag"):
        registry.download(version, tmp_path / "into")
