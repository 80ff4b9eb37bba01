"""Why a version cannot be served, in the words that the person who sees it needs."""

from __future__ import annotations

from opinionlens.errors import ArtefactTampered, VersionNotServable
from opinionlens.registry.port import Version

_RETRAIN = "Train it again with `dvc repro tune_sklearn` and register the result with `opinionlens promote`."

UNFINISHED = f"Its registration never finished. {_RETRAIN}"
FOREIGN = (
    "It holds no artefact of OpinionLens: it may be a pickle, which could run any code when it is loaded. "
    + _RETRAIN
)
FILES_GONE = f"Its files are no longer in the artefact store. {_RETRAIN}"
FILES_UNREACHABLE = f"Its files cannot be reached in the artefact store. If they are lost: {_RETRAIN}"


def why_not_servable(*, ready: bool, digest: str | None, files_fault: str | None) -> str | None:
    """Return the sentence to show beside a version, or None when nothing speaks against loading it."""
    if not ready:
        return UNFINISHED
    if not digest:
        return FOREIGN
    return files_fault


def check_downloadable(asked: Version, found: Version) -> str:
    """Return the digest that the manifest must have.

    Raises:
        VersionNotServable: there is nothing of ours to download; says why and how to retrain.
        ArtefactTampered: the registered digest is another than when the version was looked up.
    """
    where = f"{found.name} {found.number}"
    if found.digest is None or not found.servable:
        raise VersionNotServable(f"This version cannot be served. {found.why_not_servable}", where=where)
    if asked.digest != found.digest:
        remedy = "Look the version up again, and ask who changed its tag `digest`."
        raise ArtefactTampered("The registered digest has changed.", where=where, remedy=remedy)
    return found.digest
