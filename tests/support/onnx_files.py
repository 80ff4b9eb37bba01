"""ONNX files as bytes, put together field by field as `onnx.proto` numbers them."""

from __future__ import annotations

PLAIN_TENSOR = ((1, 4), (2, 1), (8, b"weights"), (9, bytes(16)))


def varint(number: int) -> bytes:
    groups = []
    while True:
        groups.append(number & 0x7F | (0x80 if number > 0x7F else 0))
        number >>= 7
        if not number:
            return bytes(groups)


def message(*fields: tuple[int, int | bytes]) -> bytes:
    """A protobuf message: numbers as varints, bytes with their length."""
    return b"".join(
        varint(number << 3) + varint(value)
        if isinstance(value, int)
        else varint(number << 3 | 2) + varint(len(value)) + value
        for number, value in fields
    )


def node(*more: tuple[int, int | bytes], operator: bytes = b"MatMul", domain: bytes = b"") -> bytes:
    return message((1, b"input_ids"), (2, b"logits"), (4, operator), *more, (7, domain))


def graph(
    *more: tuple[int, int | bytes], nodes: tuple[bytes, ...] = (), tensor: bytes | None = None
) -> bytes:
    weights = message(*PLAIN_TENSOR) if tensor is None else tensor
    return message(*((1, one) for one in nodes or (node(),)), (2, b"main"), (5, weights), *more)


def model(*more: tuple[int, int | bytes], graphs: tuple[bytes, ...] | None = None) -> bytes:
    """A model of one node and one tensor, with further fields."""
    opset = message((1, b""), (2, 20))
    return message(
        (1, 10),
        *((7, one) for one in (graph(),) if graphs is None),
        *((7, one) for one in graphs or ()),
        (8, opset),
        *more,
    )
