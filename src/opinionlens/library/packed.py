"""An artifact as one file, for others to download.

The file is a zip archive without compression, in which the artifact's files lie one behind the other; the
same artifact gives the same bytes.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from opinionlens.base.artifact_limits import MAX_ARTIFACT_BYTES, is_plain_name, too_large
from opinionlens.base.errors import ArtifactUnsupported, InputError
from opinionlens.base.files import replacing_directory, replacing_file
from opinionlens.classifiers.archives import checked_archive
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import MANIFEST_NAME
from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.library.downloading import digest_in

_MOMENT = (1980, 1, 1, 0, 0, 0)
_PART = 1 << 20
# A server that is silent for so long, and a download that takes longer than that in all, end it.
_SILENCE_S, _WHOLE_S = 30.0, 3_600.0
# Local names and headers beside the files themselves.
_MOST_BYTES = MAX_ARTIFACT_BYTES + 1_000_000
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# No file of an artifact begins with a dot.
_PACKED, _ASIDE = ".packed", ".files"


@dataclass(frozen=True)
class Unpacked:
    """A packed artifact in a folder.

    Attributes:
        folder: where it lies.
        kind: of its model.
        digest: SHA-256 of its manifest.
        is_new: False where the folder had it already.
    """

    folder: Path
    kind: str
    digest: str
    is_new: bool


def pack(folder: Path, file: Path) -> str:
    """Write an artifact as one file; return its digest.

    Raises:
        InputError: the file's name does not end with .zip.
        ArtifactError: there is no artifact, or it does not load.
    """
    if file.suffix.lower() != ".zip":
        raise InputError(
            "A packed model is a zip archive.", where=str(file), remedy="End its name with .zip."
        )
    classifier = load_classifier(folder)
    names = sorted((*classifier.manifest.files, MANIFEST_NAME))
    with replacing_file(file) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), (folder / name).read_bytes())
    return read_manifest(folder).digest


def is_packed(source: str) -> bool:
    """Tell whether it is an address or a zip archive."""
    return urlsplit(source).scheme in ("http", "https") or source.lower().endswith(".zip")


def unpack(source: str, folder: Path, digest: str | None = None) -> Unpacked:
    """Put a packed artifact into a folder, verified.

    It is written aside and replaces the folder by a rename. The folder may be absent, be empty, or hold an
    artifact and nothing else.

    Args:
        source: a file, or an https address; http only on this machine.
        folder: where it is to lie.
        digest: the expected SHA-256 of its manifest. Only this protects from an artifact that somebody else
            made: the checksums inside are made with it.

    Raises:
        InputError: the source cannot be had, or the folder holds something else.
        ArtifactError: what came may not serve; the folder is as it was.
    """
    folder = folder.resolve()
    present = digest_in(folder)
    with replacing_directory(folder) as aside:
        file = aside / _PACKED if _is_address(source) else Path(source)
        if _is_address(source):
            _download(source, file)
        (aside / _ASIDE).mkdir()
        _extract(file, aside / _ASIDE, source)
        kind = load_classifier(aside / _ASIDE, digest).manifest.kind
        found = read_manifest(aside / _ASIDE).digest
        for path in (aside / _ASIDE).iterdir():
            path.rename(aside / path.name)
        (aside / _ASIDE).rmdir()
        (aside / _PACKED).unlink(missing_ok=True)
    return Unpacked(folder, kind, found, is_new=present != found)


def _is_address(source: str) -> bool:
    return urlsplit(source).scheme in ("http", "https")


def _extract(file: Path, into: Path, source: str) -> None:
    try:
        with checked_archive(file) as archive:
            entries = archive.infolist()
            if strange := next((one.filename for one in entries if not is_plain_name(one.filename)), None):
                raise ValueError(f"it holds {strange[:100]!r}")
            if reason := too_large({one.filename: one.file_size for one in entries}, MANIFEST_NAME):
                raise ValueError(reason)
            for one in entries:
                with archive.open(one) as packed, (into / one.filename).open("wb") as stream:
                    while part := packed.read(_PART):
                        stream.write(part)
    except FileNotFoundError:
        raise InputError("There is no such file.", where=source, remedy="Check the path.") from None
    except (ValueError, zipfile.BadZipFile) as error:
        raise ArtifactUnsupported(
            f"This is no packed model: {error}.",
            where=source,
            remedy="Make one with `opinionlens models pack`.",
        ) from error


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirections to safe addresses only."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: object,
        newurl: str,
    ) -> urllib.request.Request | None:
        _check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise InputError(
            "Models are downloaded by https alone.",
            where=address[:200],
            remedy="Give an https address, or download the file yourself and name it.",
        )


def _download(address: str, file: Path) -> None:
    """Download within limits of size and time."""
    _check_address(address)
    opener = urllib.request.build_opener(_SafeRedirects())
    deadline = time.monotonic() + _WHOLE_S
    try:
        with opener.open(address, timeout=_SILENCE_S) as answer, file.open("wb") as stream:
            size = 0
            while part := answer.read(_PART):
                size += len(part)
                if size > _MOST_BYTES:
                    raise InputError(f"The file is larger than {_MOST_BYTES:,} bytes.", where=address)
                if time.monotonic() > deadline:
                    raise InputError(f"The download took longer than {_WHOLE_S:,.0f} s.", where=address)
                stream.write(part)
            expected = answer.headers.get("Content-Length")
            if expected is not None and expected.isascii() and expected.isdigit() and int(expected) != size:
                raise InputError("The download was cut off.", where=address, remedy="Try again.")
    except urllib.error.HTTPError as error:
        raise InputError(f"The server answered {error.code}.", where=address) from error
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise InputError(
            f"The model cannot be downloaded: {reason}", where=address, remedy="Try again."
        ) from error
