"""Safe reading of zip archives and arrays from unknown sources.

Claims are compared with sizes before anything is read.
"""

from __future__ import annotations

import math
import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

MAX_ENTRIES = 20_000
# The size of an archive's directory: ours have names of some 40 characters.
_MAX_DIRECTORY_BYTES = 200 * MAX_ENTRIES
_END = struct.Struct("<4s4H2LH")  # the record at the end of an archive; zipfile looks for it there first
_END_SIGNATURE = b"PK\x05\x06"
_LOCATOR_BYTES, _LOCATOR_SIGNATURE = 20, b"PK\x06\x07"
_LOCAL_HEADER_BYTES = 30
_NPY_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


@contextmanager
def checked_archive(source: Path | IO[bytes], *, may_compress: bool = False) -> Iterator[zipfile.ZipFile]:
    """Open an archive after checking its structure.

    Its entries lie one behind the other, each under a name of its own. So all of them together are not larger
    than the file, unless they are compressed.

    Args:
        source: the file; a stream must be seekable.
        may_compress: whether entries may be compressed; their sizes are then only claims, which zipfile
            enforces while it reads.

    Raises:
        ValueError: it is built in another way than ours are.
        zipfile.BadZipFile: it is no archive.
        OSError: it cannot be read.
    """
    if isinstance(source, Path):
        with source.open("rb") as stream, checked_archive(stream, may_compress=may_compress) as archive:
            yield archive
        return
    _check_end(source)
    with zipfile.ZipFile(source) as archive:
        _check_entries(archive, may_compress=may_compress)
        yield archive


def read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> npt.NDArray[Any]:
    """Return an array after checking its header.

    Raises ValueError for a header that is false; nothing is unpickled.
    """
    check_array(archive, entry)
    with archive.open(entry) as stream:
        array: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def check_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Raise ValueError if an array's header and size disagree.

    Shape and type must account for each of its bytes.
    """
    with archive.open(entry) as stream:
        read_header = _NPY_HEADER_READERS.get(np.lib.format.read_magic(stream))
        if read_header is None:
            raise ValueError(f"{entry.filename} is no array of a version that is known")
        shape, _, dtype = read_header(stream)
        header_bytes = stream.tell()
    if dtype.hasobject:
        raise ValueError(f"{entry.filename} holds objects")
    if min(shape, default=0) < 0 or header_bytes + math.prod(shape) * dtype.itemsize != entry.file_size:
        raise ValueError(f"{entry.filename} is not as large as its header says")


def _check_end(stream: IO[bytes]) -> None:
    """Check the record at the end of an archive.

    zipfile would read the directory that it points to.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END.size - _LOCATOR_BYTES))
    tail = stream.read(_END.size + _LOCATOR_BYTES)
    stream.seek(0)
    if len(tail) < _END.size or not tail[-_END.size :].startswith(_END_SIGNATURE):
        raise ValueError("it does not end as an archive of ours")
    _, _, _, _, entries, directory_bytes, _, comment_bytes = _END.unpack(tail[-_END.size :])
    if comment_bytes or tail.startswith(_LOCATOR_SIGNATURE):
        raise ValueError("it does not end as an archive of ours")
    if entries > MAX_ENTRIES or directory_bytes > _MAX_DIRECTORY_BYTES:
        raise ValueError(f"it has more than {MAX_ENTRIES:,} entries")


def _check_entries(archive: zipfile.ZipFile, *, may_compress: bool) -> None:
    entries = archive.infolist()
    if len({entry.filename for entry in entries}) < len(entries):
        raise ValueError("a name occurs twice")
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.flag_bits & 1:
            raise ValueError("an entry is encrypted")
        if not may_compress and (
            entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size
        ):
            raise ValueError(
                "an entry is compressed; ours never are, and a small file could grow without bound"
            )
        if entry.header_offset < end:
            raise ValueError("entries overlap")
        # What the local header holds beyond the name only makes the gap smaller.
        end = entry.header_offset + _LOCAL_HEADER_BYTES + len(entry.filename) + entry.compress_size
    if end > archive.start_dir:
        raise ValueError("entries overlap")
