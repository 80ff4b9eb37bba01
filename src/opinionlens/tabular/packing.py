"""Reading and writing of files that may be packed.

Gzip and zip are known; the unpacked size is bounded.
"""

from __future__ import annotations

import gzip
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from opinionlens.base.errors import TableInvalid
from opinionlens.tabular.formats import ENDINGS, KNOWN_ENDINGS, FileFormat, format_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A table of texts packs to a tenth, one of repetitions to a hundredth. Below the first figure no ratio
# is looked at, above the last one nothing is read.
FREE_BYTES = 200_000_000
LARGEST_RATIO = 200
LARGEST_BYTES = 16 * 2**30
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_DAMAGED = (zlib.error, EOFError, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError, RuntimeError)


@dataclass
class Opened:
    """An open input file.

    `stream` gives the unpacked bytes; `raw` is the file on disk, of `size` bytes.
    """

    path: Path
    format: FileFormat
    stream: io.BufferedReader[Any]
    raw: BinaryIO
    size: int

    def position(self) -> int:
        """Return how many bytes of the file have been read."""
        return self.raw.tell()


@contextmanager
def open_input(path: Path) -> Iterator[Opened]:
    """Open a file for reading, unpacked according to its name.

    Raises:
        TableInvalid: it cannot be opened, its ending is unknown, or its content is not what the name says.
    """
    form = format_of(path)
    try:
        raw = path.open("rb")
    except OSError as error:
        raise TableInvalid(f"The file cannot be opened: {error.strerror}.", where=str(path)) from error
    with raw:
        size = path.stat().st_size
        _check_start(path, form, raw)
        if not form.packing:
            yield Opened(path, form, raw, raw, size)
            return
        if form.packing == ".gz":
            unpacked = cast(IO[bytes], gzip.GzipFile(fileobj=raw))
        else:
            form, unpacked = _member(path, form, raw)
        with unpacked, io.BufferedReader(_Bounded(unpacked, path, size), 1 << 16) as stream:
            yield Opened(path, form, stream, raw, size)


@contextmanager
def seekable(opened: Opened) -> Iterator[BinaryIO]:
    """Yield the unpacked bytes as a seekable stream.

    It is a temporary file where the input was packed.
    """
    if not opened.format.packing:
        yield opened.stream
        return
    with tempfile.TemporaryFile() as unpacked:
        shutil.copyfileobj(opened.stream, unpacked, 1 << 20)
        unpacked.seek(0)
        yield unpacked


@contextmanager
def open_output(path: Path, form: FileFormat, name: str) -> Iterator[BinaryIO]:
    """Open a file for writing, packed as its format says.

    Args:
        path: where to write.
        form: the format.
        name: the name of the file inside a zip archive.
    """
    if form.packing == ".gz":
        # No name and no time inside: equal rows give equal bytes.
        with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as stream:
            yield cast(BinaryIO, stream)
    elif form.packing == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as inside:
                yield cast(BinaryIO, inside)
    else:
        with path.open("wb") as stream:
            yield stream


class _Bounded(io.RawIOBase):
    """A stream of unpacked bytes with a limit.

    Damage and archive bombs become a `TableInvalid`.
    """

    def __init__(self, packed: IO[bytes], path: Path, packed_size: int) -> None:
        self._packed = packed
        self._path = path
        self._most = min(max(FREE_BYTES, LARGEST_RATIO * packed_size), LARGEST_BYTES)
        self._taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer) -> int:
        view = memoryview(into)
        try:
            data = self._packed.read(len(view))
        except _DAMAGED as error:
            raise TableInvalid(
                f"The archive cannot be unpacked: {error or type(error).__name__}.",
                where=str(self._path),
                remedy="It may be cut off or encrypted: compare it with the original.",
            ) from error
        self._taken += len(data)
        if self._taken > self._most:
            raise TableInvalid(
                f"The archive unpacks to more than {self._most:,} bytes, which no table of its size does.",
                where=str(self._path),
                remedy="If it is one, unpack it yourself and name the unpacked file.",
            )
        view[: len(data)] = data
        return len(data)


def _check_start(path: Path, form: FileFormat, raw: BinaryIO) -> None:
    start = raw.read(4)
    raw.seek(0)
    found = ".gz" if start.startswith(_GZIP) else ".zip" if start.startswith(_ZIP) else ""
    if form.packing and found != form.packing:
        raise TableInvalid(
            f"The file is not packed as `{form.packing}` says.",
            where=str(path),
            remedy="Give it the ending of what it is.",
        )
    if not form.packing and found:
        what = "a gzip archive" if found == ".gz" else "a zip archive (or an Excel workbook)"
        raise TableInvalid(
            f"The file is {what}, not {form.ending}.",
            where=str(path),
            remedy=f"Unpack it, or name it {path.name}{found}; a spreadsheet can save its sheet as CSV.",
        )


def _member(path: Path, form: FileFormat, raw: BinaryIO) -> tuple[FileFormat, IO[bytes]]:
    """Open the single file in a zip archive."""
    try:
        archive = zipfile.ZipFile(raw)
        members = [info for info in archive.infolist() if _is_content(info)]
        if len(members) != 1:
            names = ", ".join(info.filename for info in members[:10]) or "none"
            raise TableInvalid(
                f"The archive must hold one file, not {len(members)}: {names}.",
                where=str(path),
                remedy="Unpack it and name one of its files.",
            )
        ending = form.ending or PurePosixPath(members[0].filename).suffix.lower()
        if ending not in ENDINGS:
            raise TableInvalid(
                f"The format of {members[0].filename} in the archive is not known by its ending.",
                where=str(path),
                remedy=f"Known are {KNOWN_ENDINGS}.",
            )
        return FileFormat(ending, form.packing), archive.open(members[0])
    except _DAMAGED as error:
        raise TableInvalid(
            f"The archive cannot be unpacked: {error or type(error).__name__}.", where=str(path)
        ) from error


def _is_content(info: zipfile.ZipInfo) -> bool:
    """Return whether a member is the user's own file.

    Folders and the files that macOS adds are not.
    """
    parts = PurePosixPath(info.filename).parts
    return not info.is_dir() and "__MACOSX" not in parts and not parts[-1].startswith(("._", ".DS_Store"))


def content_format(path: Path) -> FileFormat:
    """Return the format of a file, looking into bare archives.

    The name inside a `.zip` decides where the name of the archive says no more.

    Raises:
        TableInvalid: as `open_input`.
    """
    form = format_of(path)
    if form.ending:
        return form
    with open_input(path) as opened:
        return opened.format
