"""Checks on an ONNX file before the runtime reads it.

The format lets a file name other files of the disk as its weights, call operators of further libraries, and
loop. None of that has a place in a classifier. The numbers of fields are those of `onnx.proto` of the ONNX
project.
"""

from __future__ import annotations

from collections.abc import Callable

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.onnx.protobuf_fields import BYTES, VARINT, Field, FieldReader

# Those of the standard, under both of its names.
STANDARD_DOMAINS = frozenset((b"", b"ai.onnx"))
# A large Transformer has some 10,000 parts; numbers that are not packed are a part each.
MOST_PARTS = 500_000
# The runtime would take a file that has these at this place for its own format, and check nothing.
_OTHER_FORMAT, _ITS_PLACE = b"ORTM", slice(4, 8)

_MODEL_GRAPH, _MODEL_TRAINING, _MODEL_FUNCTIONS = 7, 20, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS = 5, 10
_ATTRIBUTE_GRAPHS, _ATTRIBUTE_SPARSE = frozenset((6, 11)), frozenset((22, 23))
_TENSOR_EXTERNAL_DATA, _TENSOR_DATA_LOCATION = 13, 14


def check_graph(content: bytes) -> frozenset[str]:
    """Return the operators of a plain graph.

    All its weights are inside.

    Raises:
        ArtifactUnsupported: it is no ONNX model, or more than that.
    """
    check = _GraphCheck()
    try:
        check.check_model(memoryview(content))
    except ValueError as error:
        raise ArtifactUnsupported(
            f"The ONNX model is refused: {error}.", remedy="Train it again with this version of opinionlens."
        ) from error
    return frozenset(check.operators)


class _GraphCheck:
    """One walk through a file; its methods raise ValueError."""

    def __init__(self) -> None:
        self._reader = FieldReader(MOST_PARTS)
        self.operators: set[str] = set()

    def check_model(self, model: memoryview) -> None:
        if model[_ITS_PLACE] == _OTHER_FORMAT:
            raise ValueError("it is no ONNX file")
        graphs = 0
        for field in self._reader.fields(model):
            if field.number == _MODEL_GRAPH:
                self._each(field, self._check_graph)
                graphs += 1
            elif field.number in (_MODEL_TRAINING, _MODEL_FUNCTIONS):
                raise ValueError("it holds functions or training steps beside its graph")
        if graphs != 1:
            raise ValueError(f"it has {graphs} graphs")

    def _check_graph(self, field: Field) -> None:
        match field.number:
            case number if number == _GRAPH_NODE:
                self._check_node(field)
            case number if number == _GRAPH_INITIALIZER:
                self._each(field, _check_tensor)
            case number if number == _GRAPH_SPARSE:
                raise ValueError("it has sparse weights")

    def _check_node(self, node: Field) -> None:
        operator, domain = b"", b""
        for field in self._reader.fields(_message(node)):
            if field.number == _NODE_OPERATOR:
                operator = bytes(field.content)
            elif field.number == _NODE_DOMAIN:
                domain = bytes(field.content)
            elif field.number == _NODE_ATTRIBUTE:
                self._each(field, self._check_attribute)
        if domain not in STANDARD_DOMAINS:
            name = f"{domain.decode(errors='replace')}.{operator.decode(errors='replace')}"
            raise ValueError(f"it calls the operator {name[:100]!r}, which is not of the ONNX standard")
        self.operators.add(operator.decode(errors="replace"))

    def _check_attribute(self, field: Field) -> None:
        if field.number in _ATTRIBUTE_GRAPHS:
            raise ValueError("it has branches or loops")
        if field.number in _ATTRIBUTE_SPARSE:
            raise ValueError("it has sparse weights")
        if field.number in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS):
            self._each(field, _check_tensor)

    def _each(self, message: Field, check: Callable[[Field], None]) -> None:
        for field in self._reader.fields(_message(message)):
            check(field)


def _check_tensor(field: Field) -> None:
    is_elsewhere = field.number == _TENSOR_DATA_LOCATION and (field.form != VARINT or field.number_value)
    if is_elsewhere or field.number == _TENSOR_EXTERNAL_DATA:
        raise ValueError("it keeps weights in another file")


def _message(field: Field) -> memoryview:
    if field.form != BYTES:
        raise ValueError("it is no ONNX file")
    return field.content
