"""model.skops: writing scikit-learn models as data, and reading them only after looking at every node.

skops builds any type that it trusts, and what it trusts by default is all of scikit-learn and much of numpy.
Here a file may hold the types of our own families and nothing else, and what C code would follow unchecked
(the children of a tree's nodes, the indices of a sparse matrix) is checked before it is ever used.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from opinionlens.errors import ArtefactUnsupported

SCHEMA_NAME = "schema.json"
PROTOCOL = 2
MAX_SCHEMA_BYTES = 200_000_000
MAX_ARRAY_BYTES = 4_000_000_000
# The same model gives the same bytes whenever it is written.
_TIME = (1980, 1, 1, 0, 0, 0)

# By the way that skops loads them. Extend it together with `families`, never from what a file says.
ALLOWED: Mapping[str, frozenset[str]] = {
    "ObjectNode": frozenset(
        (
            "sklearn.ensemble._forest.RandomForestClassifier",
            "sklearn.neighbors._classification.KNeighborsClassifier",
            "sklearn.tree._classes.DecisionTreeClassifier",
        )
    ),
    "TreeNode": frozenset(("sklearn.tree._tree.Tree",)),
    "SparseMatrixNode": frozenset(("scipy.sparse._csr.csr_array", "scipy.sparse._csr.csr_matrix")),
    "NdArrayNode": frozenset(("numpy.ndarray", "numpy.int64", "numpy.int32", "numpy.float64", "numpy.bool")),
    "DictNode": frozenset(("builtins.dict",)),
    "ListNode": frozenset(("builtins.list",)),
    "TupleNode": frozenset(("builtins.tuple",)),
    "JsonNode": frozenset(("builtins.str",)),
    "TypeNode": frozenset(("builtins.str",)),
}
# Beyond what skops itself trusts.
_TRUSTED = ["sklearn.tree._tree.Tree", "scipy.sparse._csr.csr_array"]


def write_model(path: Path, model: object) -> None:
    """Write a fitted scikit-learn model.

    Raises:
        ArtefactUnsupported: it holds a type that could not be read back.
    """
    from skops import io as skops_io

    content = _canonical(skops_io.dumps(model))
    _check(content)
    path.write_bytes(content)


def read_model(path: Path) -> Any:  # noqa: ANN401 - one of the estimators in ALLOWED
    """Read what `write_model` wrote; it answers in one thread.

    Raises:
        ArtefactUnsupported: the file holds anything else; nothing of it was built.
    """
    from skops import io as skops_io

    try:
        content = path.read_bytes()
        _check(content)
        model = skops_io.loads(content, trusted=_TRUSTED)
        for estimator in (model, *getattr(model, "estimators_", ())):
            _check_built(estimator)
        model.n_jobs = None  # a number in a file does not start processes
    except ArtefactUnsupported:
        raise
    except (
        Exception
    ) as error:  # a damaged or hostile file fails inside zipfile, json, skops or numpy as it likes
        raise ArtefactUnsupported(f"The model cannot be read: {error}.", where=str(path)) from error
    return model


def _check(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            _refuse("an entry is compressed, which ours never are")
        if archive.getinfo(SCHEMA_NAME).file_size > MAX_SCHEMA_BYTES:
            _refuse("its schema is too large")
        schema = json.loads(archive.read(SCHEMA_NAME))
        if schema.get("protocol") != PROTOCOL or isinstance(schema.get("protocol"), bool):
            _refuse(f"it has the protocol {schema.get('protocol')!r}, not {PROTOCOL}")
        if schema.get("__loader__") != "ObjectNode":
            _refuse("it holds no estimator")
        for node in _nodes(schema):
            _check_node(node, archive)


def _nodes(value: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """Yield every object in the schema that names a loader or a type, wherever it stands."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            if "__loader__" in current or "__class__" in current or "__module__" in current:
                yield current
            waiting += current.values()
        elif isinstance(current, list):
            waiting += current


def _check_node(node: dict[str, Any], archive: zipfile.ZipFile) -> None:
    loader, module, name = (node.get(key) for key in ("__loader__", "__module__", "__class__"))
    if f"{module}.{name}" not in ALLOWED.get(str(loader), ()):
        _refuse(f"it holds a {module}.{name} (by {loader}), which is not on our list of types")
    if loader == "NdArrayNode" and node.get("type") != "numpy":
        _refuse("it holds an array of objects")
    if loader == "SparseMatrixNode":
        with zipfile.ZipFile(io.BytesIO(archive.read(node["file"]))) as inner:
            if sum(entry.file_size for entry in inner.infolist()) > MAX_ARRAY_BYTES:
                _refuse("a matrix in it is too large")
    if loader == "TreeNode":
        _check_tree_arguments(node["__reduce__"]["args"]["content"], archive)


def _check_tree_arguments(arguments: list[dict[str, Any]], archive: zipfile.ZipFile) -> None:
    """The constructor of Tree reads as many class counts as it is told that there are outputs."""
    _, class_counts, outputs = arguments
    counts = np.load(io.BytesIO(archive.read(class_counts["file"])), allow_pickle=False)
    if counts.shape != (1,) or counts.dtype != np.intp or json.loads(outputs["content"]) != 1:
        _refuse("a tree in it has more than one output")


def _check_built(estimator: Any) -> None:  # noqa: ANN401 - one of the estimators in ALLOWED
    """What compiled code would follow without looking: indices."""
    if (matrix := getattr(estimator, "_fit_X", None)) is not None:
        matrix.check_format(full_check=True)
    if (tree := getattr(estimator, "tree_", None)) is None:
        return
    if tree.node_count < 1:  # too large a count scikit-learn corrects itself
        _refuse("a tree in it has no nodes")
    left, right = tree.children_left, tree.children_right
    numbers = np.arange(tree.node_count)
    leaf = left == -1
    # A child comes after its parent, so that no walk goes in a circle.
    inner = (left > numbers) & (left < tree.node_count) & (right > numbers) & (right < tree.node_count)
    splits = (tree.feature >= 0) & (tree.feature < estimator.n_features_in_)
    if tree.n_features != estimator.n_features_in_ or not (leaf | (inner & splits)).all():
        _refuse("a tree in it points outside itself")


def _canonical(content: bytes) -> bytes:
    """Return the file with objects numbered in order and arrays named by content, not by address."""
    arrays: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schema = json.loads(archive.read(SCHEMA_NAME))
        for number, node in enumerate(_nodes(schema), start=1):
            if "__id__" in node:
                node["__id__"] = number
            if "file" in node:
                array = archive.read(node["file"])
                node["file"] = hashlib.sha256(array).hexdigest()[:32] + Path(node["file"]).suffix
                arrays[node["file"]] = array
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as canonical:
        for name, array in arrays.items():
            canonical.writestr(zipfile.ZipInfo(name, _TIME), array)
        canonical.writestr(zipfile.ZipInfo(SCHEMA_NAME, _TIME), json.dumps(schema))
    return buffer.getvalue()


def _refuse(what: str) -> None:
    raise ArtefactUnsupported(
        f"The model is refused: {what}.", remedy="Retrain it with this version of opinionlens."
    )
