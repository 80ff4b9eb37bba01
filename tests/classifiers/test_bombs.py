"""Small files that ask for gigabytes are refused before they get them.

They are read in another process that may take 400 MB more than it has after its imports, so that a fault ends
in a MemoryError there and not in the death of the test run.
"""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.linear.weights import LinearWeights
from opinionlens.classifiers.skops_file import write_model
from opinionlens.registry.artifact_files import read_artifact

pytestmark = pytest.mark.slow

READ = """
import resource, sys
from pathlib import Path
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.skops_file import read_model
from opinionlens.classifiers.linear.weights import LinearWeights
from opinionlens.base.errors import OpinionLensError
from opinionlens.registry.artifact_files import read_artifact
import numpy, scipy.sparse, skops.io, sklearn.ensemble, sklearn.neighbors

pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + 400_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
read = {
    "weights": LinearWeights.load,
    "model": read_model,
    "artifact": load_classifier,
    "registered": lambda folder: read_artifact(folder, digest="0" * 64),
}
for line in sys.stdin:
    kind, path = line.rstrip("\\n").split("\\t")
    try:
        read[kind](Path(path))
        said = "it was read"
    except OpinionLensError as error:
        said = f"{type(error).__name__}: {error.what}"
    except Exception as error:
        said = f"it broke: {error!r}"
    print(said.replace("\\n", " "), flush=True)
"""

Refusal = Callable[[str, Path], str]


@pytest.fixture(scope="module")
def refusal() -> Iterator[Refusal]:
    """A function that returns what reading says, and fails on anything but a refusal."""
    command = [sys.executable, "-c", READ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None

        def refusal(kind: str, path: Path) -> str:
            reader.stdin.write(f"{kind}\t{path}\n")
            reader.stdin.flush()
            said = reader.stdout.readline()
            assert said, "the reader has died"
            for want_of_memory in ("Unable to allocate", "MemoryError", "it was read", "it broke"):
                assert want_of_memory not in said
            return said

        yield refusal
        reader.stdin.close()


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def overlapping(path: Path, content: bytes, names: list[str], first: dict[str, bytes]) -> None:
    """Write an archive in which many names stand for the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in first.items():
            archive.writestr(name, data)
        archive.writestr(names[0], content)
        one = archive.getinfo(names[0])
        for name in names[1:]:
            again = zipfile.ZipInfo(name, one.date_time)
            again.CRC, again.file_size, again.compress_size = one.CRC, one.file_size, one.compress_size
            again.header_offset = one.header_offset
            archive.filelist.append(again)
            archive.NameToInfo[name] = again


def test_weights_of_overlapping_entries(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    overlapping(path, npy(np.zeros(2_500_000)), [f"a{number}.npy" for number in range(290)], {})
    assert path.stat().st_size < 21_000_000
    assert "entries overlap" in refusal("weights", path)


@pytest.mark.parametrize(
    "header",
    [
        {"descr": "<f8", "shape": (10**9,)},
        {"descr": "<f8", "shape": (2**62, 4)},
        {"descr": "<f8", "shape": (-1,)},
        {"descr": "<U500000000", "shape": ()},
        {"descr": "|O", "shape": (1,)},
    ],
    ids=str,
)
def test_weights_whose_header_claims_more_than_there_is(
    refusal: Refusal, tmp_path: Path, weights: LinearWeights, header: dict[str, Any]
) -> None:
    path = tmp_path / "w.npz"
    weights.save(path)
    text = repr({"fortran_order": False, **header}).encode()
    text += b" " * (63 - (len(text) + 10) % 64) + b"\n"
    lying = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + b"\0" * 64
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["coef.npy"] = lying
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    assert "coef.npy" in refusal("weights", path)


def test_weights_of_more_terms_than_any_vocabulary_has(
    refusal: Refusal, tmp_path: Path, weights: LinearWeights
) -> None:
    path = tmp_path / "w.npz"
    weights.save(path)
    with np.load(path) as stored:
        arrays = dict(stored)
    arrays["words.lengths"] = np.zeros(5_000_001, dtype=np.uint32)
    np.savez(path, **arrays)
    assert "5,000,001 terms" in refusal("weights", path)


def test_weights_in_a_file_of_more_than_a_gigabyte(
    refusal: Refusal, tmp_path: Path, weights: LinearWeights
) -> None:
    path = tmp_path / "w.npz"
    weights.save(path)
    with path.open("r+b") as stream:
        stream.truncate(1_000_000_001)
    assert "larger than 1,000,000,000 bytes" in refusal("weights", path)


def test_a_directory_of_a_million_entries(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    entry = struct.pack(
        "<4s4B4HL2L5H2L", b"PK\x01\x02", *([20, 0] * 2), *([0] * 4), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0
    )
    directory = (entry + b"a") * 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65_535, 65_535, len(directory), 0, 0)
    path.write_bytes(directory + end)
    assert "more than 20,000 entries" in refusal("weights", path)


def edited(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the schema of a model's file."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(entries.pop("schema.json"))
    change(schema)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
        archive.writestr("schema.json", json.dumps(schema))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    path = tmp_path / "model.skops"
    write_model(path, DecisionTreeClassifier(random_state=1).fit(np.eye(6), [0, 1, 2, 0, 1, 2]))
    return path


def test_a_model_of_overlapping_entries(refusal: Refusal, tree: Path) -> None:
    with zipfile.ZipFile(tree) as archive:
        schema = {"schema.json": archive.read("schema.json")}
    overlapping(tree, npy(np.zeros(2_500_000)), [f"a{number}.npy" for number in range(290)], schema)
    assert "entries overlap" in refusal("model", tree)


def test_a_model_that_names_one_array_again_and_again(refusal: Refusal, tree: Path) -> None:
    with zipfile.ZipFile(tree, "a") as archive:
        archive.writestr("big.npy", npy(np.zeros(2_500_000)))
    node = {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "type": "numpy"}

    def repeat(schema: dict[str, Any]) -> None:
        content = schema["content"]["content"]
        for number in range(290):
            content[f"more{number}"] = node | {"file": "big.npy", "__id__": 1_000_000 + number}

    edited(tree, repeat)
    assert "500,000,000 bytes of memory" in refusal("model", tree)


def test_a_sparse_matrix_that_grows_when_it_is_unpacked(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    write_model(path, KNeighborsClassifier(1).fit(sp.csr_array(np.eye(3)), [0, 1, 2]))
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    (name,) = (name for name in entries if name.endswith(".npz"))
    with zipfile.ZipFile(io.BytesIO(entries[name])) as inner:
        parts = {part: inner.read(part) for part in inner.namelist()}
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as inner:
        for part, data in parts.items():
            if part != "data.npy":
                inner.writestr(part, data)
        with inner.open("data.npy", "w", force_zip64=True) as stream:
            stream.write(npy(np.zeros(0)).replace(b"(0,)", b"(75000000,)").replace(b" " * 7 + b"\n", b"\n"))
            for _ in range(60):
                stream.write(bytes(10_000_000))
    entries[name] = bomb.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for entry, data in entries.items():
            archive.writestr(entry, data)
    assert path.stat().st_size < 1_000_000
    assert "too large" in refusal("model", path)


def test_a_model_in_a_sparse_file_of_a_gigabyte(refusal: Refusal, tree: Path) -> None:
    with tree.open("r+b") as stream:
        stream.truncate(1_000_000_000)
    assert "larger than 500,000,000 bytes" in refusal("model", tree)


def test_a_schema_of_a_million_lists(refusal: Refusal, tree: Path) -> None:
    edited(tree, lambda schema: schema.update(more=[[]] * 1_000_001))
    assert "too many values" in refusal("model", tree)


@pytest.mark.parametrize("name", ["n_classes_"])
def test_a_model_that_claims_a_billion_classes(refusal: Refusal, tree: Path, name: str) -> None:
    def claim(schema: dict[str, Any]) -> None:
        content = schema["content"]["content"]
        content[name] = {
            "__class__": "str",
            "__module__": "builtins",
            "__loader__": "JsonNode",
            "content": "1000000000",
            "is_json": True,
        }

    edited(tree, claim)
    assert "another number of classes" in refusal("model", tree)


@pytest.mark.parametrize("kind", ["artifact", "registered"])
def test_a_manifest_of_a_gigabyte_and_a_half(refusal: Refusal, artifact: Path, kind: str) -> None:
    with (artifact / "manifest.json").open("r+b") as stream:
        stream.truncate(1_500_000_000)
    assert "4,000,000 bytes" in refusal(kind, artifact)


@pytest.mark.parametrize("kind", ["artifact", "registered"])
def test_a_manifest_that_names_thousands_of_files(refusal: Refusal, artifact: Path, kind: str) -> None:
    path = artifact / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"] |= {f"f{number}": "0" * 64 for number in range(20)}
    path.write_text(json.dumps(manifest))
    if kind == "registered":  # there the digest is compared first
        with pytest.raises(ArtifactUnsupported, match="more than 20"):
            read_artifact(artifact, digest=sha256(path.read_bytes()).hexdigest())
    else:
        assert "more than 20" in refusal(kind, artifact)


def test_a_file_of_more_than_a_gigabyte_is_not_even_hashed(refusal: Refusal, artifact: Path) -> None:
    with (artifact / "weights.npz").open("r+b") as stream:
        stream.truncate(1_000_000_001)
    assert "larger than 1,000,000,000 bytes together" in refusal("artifact", artifact)


@pytest.mark.parametrize("name", ["manifest.json", "weights.npz"])
@pytest.mark.parametrize("kind", ["artifact", "registered"])
def test_a_pipe_in_the_place_of_a_file_does_not_hang(
    refusal: Refusal, artifact: Path, kind: str, name: str
) -> None:
    (artifact / name).unlink()
    os.mkfifo(artifact / name)
    assert refusal(kind, artifact)
