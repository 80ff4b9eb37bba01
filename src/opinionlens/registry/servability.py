"""Why a version cannot be served, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opinionlens.base.errors import ArtifactTampered, VersionNotServable
from opinionlens.registry.port import DIGEST_TAG, Version
from opinionlens.registry.tags import fault_of

_RETRAIN = "Train it again with `dvc repro tune_sklearn` and register the result with `opinionlens promote`."

UNFINISHED = f"Its registration never finished. {_RETRAIN}"
FOREIGN = (
    "It holds no artifact of OpinionLens: it may be a pickle, which could run any code when it is loaded. "
    + _RETRAIN
)
_REGISTER_AGAIN = (
    "Register it again with `opinionlens promote`, which takes `objects/classifier`; if that is another one "
    "by now, train again with `dvc repro tune_sklearn`."
)
FILES_GONE = f"Its files are no longer in the artifact store: has the project moved? {_REGISTER_AGAIN}"
FILES_UNREACHABLE = f"Its files cannot be reached in the artifact store. If they are lost: {_REGISTER_AGAIN}"
FILES_ELSEWHERE = (
    "Its files lie on another server than the registry, which would learn the registry's password. Register "
    "it again with `opinionlens promote`."
)


def why_not_servable(
    *, ready: bool, tags: Mapping[str, str], files_fault: Callable[[], str | None]
) -> str | None:
    """Return the reason why a version cannot be served.

    None if it can. The sentence is shown beside the version.

    Args:
        ready: whether its registration has finished.
        tags: those in the registry, which any program may have written.
        files_fault: returns a sentence on its files, or None; only called where the rest is well.
    """
    if not ready:
        return UNFINISHED
    if not tags.get(DIGEST_TAG):
        return FOREIGN
    return fault_of(tags) or files_fault()


def check_downloadable(asked: Version, found: Version) -> str:
    """Return the digest that the manifest must have.

    Raises:
        VersionNotServable: there is nothing of ours to download; says why and how to retrain.
        ArtifactTampered: the registered digest is another than when the version was looked up.
    """
    where = f"{found.name} {found.number}"
    if found.digest is None or not found.servable:
        raise VersionNotServable(f"This version cannot be served. {found.why_not_servable}", where=where)
    if asked.digest != found.digest:
        remedy = "Look the version up again, and ask who changed its tag `digest`."
        raise ArtifactTampered("The registered digest has changed.", where=where, remedy=remedy)
    return found.digest
