"""Fetching of datasets from packages or the Hugging Face hub."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path

from opinionlens.base.errors import DatasetMissing
from opinionlens.datasets.card import Card, HubFiles, PackageFile, UserFile
from opinionlens.datasets.finding import Places, locate, missing

Download = Callable[[HubFiles, str], Path]


class HubUnavailable(Exception):
    """The hub's client is missing or failed."""


def fetch(card: Card, places: Places, into: Path, download: Download | None = None) -> tuple[Path, ...]:
    """Copy the files of a dataset into the folder `into`.

    The user's own files are left where they are.

    Returns:
        The files written, none if the dataset is already below `places.raw`.

    Raises:
        DatasetMissing: it is neither there nor to be had.
    """
    match card.origin:
        case UserFile():
            locate(card, places)
            return ()
        case PackageFile() as origin:
            return (_copy(_file_of_package(card, origin, places), into / card.path),)
        case HubFiles() as origin:
            if _is_present(card, places):
                return ()
            return _from_hub(card, origin, places, into, download or download_from_hub)


def download_from_hub(origin: HubFiles, file: str) -> Path:
    """Download a file with the hub's client.

    Returns:
        Its path in the client's own cache.

    Raises:
        HubUnavailable: the client is not installed, or there is no network.
    """
    try:
        client = import_module("huggingface_hub")
    except ImportError as error:
        raise HubUnavailable("the package `huggingface_hub` is not installed") from error
    wanted = {
        "repo_id": origin.repository,
        "filename": file,
        "revision": origin.revision,
        "repo_type": "dataset",
    }
    try:
        cached = client.try_to_load_from_cache(**wanted)
        if not isinstance(cached, str):  # None, or a mark that the hub has no such file
            # Asked once, for 10 s at most: a download tries a hub out of reach seven times, for minutes.
            client.get_hf_file_metadata(client.hf_hub_url(**wanted))
            cached = client.hf_hub_download(**wanted)
    except Exception as error:  # its own, its HTTP library's and the system's: all mean "not to be had now"
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise HubUnavailable(f"the hub does not give it: {reason[0]}") from error
    return Path(cached)


def _is_present(card: Card, places: Places) -> bool:
    """Return whether the user's own files are present.

    A copy fetched earlier does not count: it is about to be replaced.
    """
    try:
        locate(card, Places(raw=places.raw, fetched=places.raw / ".nowhere"))
    except DatasetMissing:
        return False
    return True


def _from_hub(
    card: Card, origin: HubFiles, places: Places, into: Path, download: Download
) -> tuple[Path, ...]:
    earlier = places.fetched / card.name
    written = []
    for file in origin.files:
        try:
            found = earlier / file if (earlier / file).is_file() else download(origin, file)
        except HubUnavailable as error:
            raise missing(card, places, because=str(error)) from error
        written.append(_copy(found, into / file))
    return tuple(written)


def _file_of_package(card: Card, origin: PackageFile, places: Places) -> Path:
    try:
        path = Path(str(metadata.distribution(origin.package).locate_file(origin.file)))
    except metadata.PackageNotFoundError as error:
        raise missing(card, places, because=f"the package `{origin.package}` is not installed") from error
    if not path.is_file():
        raise missing(card, places, because=f"the package `{origin.package}` does not hold `{origin.file}`")
    return path


def _copy(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(source, target))
