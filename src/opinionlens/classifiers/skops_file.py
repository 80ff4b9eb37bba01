"""Writing and safe reading of scikit-learn models as data.

The file is model.skops. It is read only after every node in it has been checked. skops builds any type that
it trusts, which by default is all of scikit-learn and much of numpy. Here a file may hold only the types of
our own families, and values that C code would follow unchecked (the children of a tree's nodes, the indices
of a sparse matrix) are checked before they are used.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from opinionlens.base.artifact_limits import plain_file_size
from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.archives import check_array, checked_archive, read_array

SCHEMA_NAME = "schema.json"
PROTOCOL = 2
MAX_SCHEMA_BYTES = 32_000_000
MAX_SCHEMA_VALUES = 1_000_000
# Of the file, and of the model built from it; meanwhile about three times as much memory is needed.
MAX_MODEL_BYTES = 500_000_000
_MOST_MATRIX_PARTS = 10
# The same model gives the same bytes whenever it is written.
_TIME = (1980, 1, 1, 0, 0, 0)

# By the way that skops loads them. Extend it together with `families`, never by the content of a file.
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
# In addition to the types that skops itself trusts.
_TRUSTED = ["sklearn.tree._tree.Tree", "scipy.sparse._csr.csr_array"]


def write_model(path: Path, model: object) -> None:
    """Write a fitted scikit-learn model.

    Raises:
        ArtifactUnsupported: it holds a type that could not be read back.
    """
    from skops import io as skops_io

    content = _canonical(skops_io.dumps(model))
    try:
        _check(io.BytesIO(content))
    except ValueError as error:
        raise ArtifactUnsupported(f"The model cannot be written: {error}.", where=str(path)) from error
    path.write_bytes(content)


def read_model(path: Path) -> Any:  # noqa: ANN401 - one of the estimators in ALLOWED
    """Read a model that `write_model` wrote.

    It predicts in one thread.

    Raises:
        ArtifactUnsupported: the file holds anything else; nothing of it was built.
    """
    from skops import io as skops_io

    try:
        if (plain_file_size(path) or 0) > MAX_MODEL_BYTES:
            _refuse(f"its file is larger than {MAX_MODEL_BYTES:,} bytes")
        _check(path)
        model = skops_io.load(path, trusted=_TRUSTED)
        for estimator in (model, *getattr(model, "estimators_", ())):
            _check_built(estimator)
        model.n_jobs = None  # a number in a file does not start processes
    except ArtifactUnsupported:
        raise
    except (
        Exception
    ) as error:  # a damaged or hostile file fails inside zipfile, json, skops or numpy as it likes
        raise ArtifactUnsupported(f"The model cannot be read: {error}.", where=str(path)) from error
    return model


def _check(source: Path | IO[bytes]) -> None:
    """Check sizes, headers and every node of the schema.

    Nothing is built.
    """
    with checked_archive(source) as archive:
        sizes = _sizes_in_memory(archive)
        schema = _schema(archive)
        if schema.get("protocol") != PROTOCOL or isinstance(schema.get("protocol"), bool):
            _refuse(f"it has the protocol {schema.get('protocol')!r}, not {PROTOCOL}")
        if schema.get("__loader__") != "ObjectNode":
            _refuse("it holds no estimator")
        total = 0
        for node in _nodes(schema):
            _check_node(node, archive)
            total += sizes[node["file"]] if "file" in node else 0
            if total > MAX_MODEL_BYTES:  # the same array may be named again and again
                _refuse(f"it would take more than {MAX_MODEL_BYTES:,} bytes of memory")


def _schema(archive: zipfile.ZipFile) -> dict[str, Any]:
    if archive.getinfo(SCHEMA_NAME).file_size > MAX_SCHEMA_BYTES:
        _refuse("its schema is too large")
    text = archive.read(SCHEMA_NAME)
    if sum(map(text.count, (b",", b"[", b"{"))) > MAX_SCHEMA_VALUES:
        _refuse("its schema has too many values")
    schema = json.loads(text)
    if not isinstance(schema, dict):
        _refuse("its schema is no object")
    return dict(schema)


def _sizes_in_memory(archive: zipfile.ZipFile) -> dict[str, int]:
    """Return each array's size in memory.

    Raises ValueError where its header is false.
    """
    sizes = {}
    for entry in archive.infolist():
        if entry.filename.endswith(".npz"):
            sizes[entry.filename] = _size_of_matrix(archive, entry)
        elif entry.filename != SCHEMA_NAME:
            check_array(archive, entry)
            sizes[entry.filename] = entry.file_size
    return sizes


def _size_of_matrix(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Return a sparse matrix's size in memory.

    scipy writes it as a compressed archive of its own.
    """
    with archive.open(entry) as stream, checked_archive(stream, may_compress=True) as inner:
        parts = inner.infolist()
        size = sum(part.file_size for part in parts)
        if size > MAX_MODEL_BYTES or len(parts) > _MOST_MATRIX_PARTS:
            _refuse("a matrix in it is too large")
        for part in parts:
            check_array(inner, part)
    return size


def _nodes(value: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """Yield every object in the schema with loader or type.

    Wherever it stands.
    """
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
    if loader == "TreeNode":
        _check_tree_arguments(node["__reduce__"]["args"]["content"], archive)


def _check_tree_arguments(arguments: list[dict[str, Any]], archive: zipfile.ZipFile) -> None:
    """Refuse a tree with more than one output.

    The constructor of Tree reads as many class counts as the number of outputs says.
    """
    _, class_counts, outputs = arguments
    counts = read_array(archive, archive.getinfo(class_counts["file"]))
    if counts.shape != (1,) or counts.dtype != np.intp or json.loads(outputs["content"]) != 1:
        _refuse("a tree in it has more than one output")


def _check_built(estimator: Any) -> None:  # noqa: ANN401 - one of the estimators in ALLOWED
    """Refuse indices that lead outside the model.

    Compiled code would follow them without a check.
    """
    # As many answers as classes, or predictions would take as much memory as the file claims.
    classes = len(np.ravel(estimator.classes_))
    if int(getattr(estimator, "n_classes_", classes)) != classes:
        _refuse("it claims another number of classes than it has")
    if (matrix := getattr(estimator, "_fit_X", None)) is not None:
        matrix.check_format(full_check=True)
        if matrix.shape[1] != estimator.n_features_in_:
            _refuse("its matrix has another width than the model")
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
    """Return the file in a canonical form.

    Objects are numbered in order, and arrays are named by content, not by address.
    """
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
    raise ArtifactUnsupported(
        f"The model is refused: {what}.", remedy="Retrain it with this version of opinionlens."
    )
