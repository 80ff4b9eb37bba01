"""A file may hold one plain graph with its weights, and nothing that reaches beyond it."""

from __future__ import annotations

import pytest
from tests.support.onnx_files import PLAIN_TENSOR, graph, message, model, node

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.onnx.graph_check import check_graph

EXTERNAL = message(*PLAIN_TENSOR, (13, message((1, b"location"), (2, b"../../etc/passwd"))))
ELSEWHERE = message(*PLAIN_TENSOR, (14, 1))


def refusal(content: bytes) -> str:
    with pytest.raises(ArtifactUnsupported) as caught:
        check_graph(content)
    return str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        model(),
        model(graphs=(graph(nodes=(node(domain=b"ai.onnx"), node(operator=b"Softmax"))),)),
        model(graphs=(graph(tensor=message(*PLAIN_TENSOR, (14, 0))),)),
        model(graphs=(graph(nodes=(node((5, message((1, b"value"), (5, message(*PLAIN_TENSOR))))),)),)),
        model((14, message((1, b"author"), (2, b"me"))), (1000, b"of a later version")),
    ],
    ids=["plain", "standard-domain", "said-to-be-inside", "constant", "unknown-fields"],
)
def test_a_plain_graph_passes(content: bytes) -> None:
    assert "MatMul" in check_graph(content)


def test_the_operators_are_told() -> None:
    nodes = (node(), node(operator=b"DynamicQuantizeLinear"), node(operator=b"Softmax"))
    assert check_graph(model(graphs=(graph(nodes=nodes),))) == {"MatMul", "DynamicQuantizeLinear", "Softmax"}


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (model(graphs=(graph(tensor=EXTERNAL),)), "weights in another file"),
        (model(graphs=(graph(tensor=ELSEWHERE),)), "weights in another file"),
        (model(graphs=(graph(nodes=(node((5, message((5, EXTERNAL)))),)),)), "weights in another file"),
        (model(graphs=(graph(nodes=(node((5, message((10, ELSEWHERE)))),)),)), "weights in another file"),
        (model(graphs=(graph(nodes=(node(operator=b"Run", domain=b"evil"),)),)), "'evil.Run'"),
        (model(graphs=(graph(nodes=(node(domain=b"com.microsoft"),)),)), "'com.microsoft.MatMul'"),
        (model(graphs=(graph(nodes=(node((5, message((6, graph())))),)),)), "branches or loops"),
        (model(graphs=(graph(nodes=(node((5, message((11, graph())))),)),)), "branches or loops"),
        (model(graphs=(graph(nodes=(node((5, message((22, b"")))),)),)), "sparse weights"),
        (model(graphs=(graph((15, b"")),)), "sparse weights"),
        (model((25, b"")), "functions or training steps"),
        (model((20, b"")), "functions or training steps"),
        (model(graphs=()), "0 graphs"),
        (model(graphs=(graph(), graph())), "2 graphs"),
        (message((7, 1)), "no ONNX file"),
        (message((1, b"")) + b"\x12\x04ORTM" + model(), "no ONNX file"),
        (b"", "0 graphs"),
        (b"PK\x03\x04 something else", "no protobuf message"),
    ],
)
def test_anything_more_is_refused(content: bytes, because: str) -> None:
    told = refusal(content)
    assert told.startswith("The ONNX model is refused: ")
    assert because in told


def test_of_two_domains_the_last_counts_as_it_does_for_the_runtime() -> None:
    assert "'evil.MatMul'" in refusal(model(graphs=(graph(nodes=(node() + message((7, b"evil")),)),)))
    check_graph(model(graphs=(graph(nodes=(node(domain=b"evil") + message((7, b"")),)),)))


def test_a_cut_file_is_refused() -> None:
    assert "no protobuf message" in refusal(model()[:-3])


def test_a_file_of_very_many_parts_is_refused() -> None:
    numbers = message(*((4, 1) for _ in range(500_001)))
    assert "too many parts" in refusal(model(graphs=(graph(tensor=numbers),)))
