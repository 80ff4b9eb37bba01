"""The tag `evals` of a version, in little room.

It holds the scores that the version's card shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from opinionlens.registry.port import EVALS_TAG

# MLflow cuts longer tags off without a word.
LONGEST_TAG = 4_900
LEFT_OUT_TAG = "evals.left_out"
# Where there is no room for all, the tables go in this order, the least important first.
_BY_KIND = "everyday by kind"
_NEEDED_LEAST = (_BY_KIND, "lengths", "hard_behaviour", "slices", "behaviour", "sources", "other_kinds")


class EvalsTag(NamedTuple):
    """The text of the tag, and the tables left out.

    A table of the report is left out where there is no room for it.
    """

    text: str
    left_out: tuple[str, ...] = ()

    def as_tags(self) -> dict[str, str]:
        """Return the tags of the version.

        An empty one where nothing is left out.
        """
        return {EVALS_TAG: self.text, LEFT_OUT_TAG: ", ".join(self.left_out)}


def evals_tag(report: Mapping[str, Any]) -> EvalsTag:
    """Return the report as a tag.

    Tables that do not fit are left out.
    """
    kept, left_out = dict(report), []
    text = _as_text(kept)
    for name in _NEEDED_LEAST:
        if len(text) <= LONGEST_TAG:
            break
        if name == _BY_KIND and "everyday" in kept:
            kept["everyday"] = {"all": kept["everyday"]["all"]}
        elif kept.get(name):
            del kept[name]
        else:
            continue
        left_out.append(name)
        text = _as_text(kept)
    return EvalsTag(text, tuple(left_out))


def _as_text(report: Mapping[str, Any]) -> str:
    return json.dumps(report, separators=(",", ":"))
