"""What a file says of its graphs, as it stands there."""

from __future__ import annotations

from runtime.tflite.graph import Buffer, Quantization, read_model
from tests.runtime.tflite.flatbuffers import INT8, Scalar, adder, flatbuffer


def test_a_model_is_read_as_it_was_written() -> None:
    model = read_model(flatbuffer(adder()))
    (graph,) = model.graphs
    assert (graph.inputs, graph.outputs) == ((0,), (2,))
    assert [tensor.shape for tensor in graph.tensors] == [(1, 4)] * 3
    assert {tensor.type for tensor in graph.tensors} == {INT8}
    assert graph.tensors[0].quantization == Quantization((0.5,), (1,))
    assert [operator.signature.name for operator in graph.operators] == ["ADD", "SOFTMAX"]
    assert [(operator.inputs, operator.outputs) for operator in graph.operators] == [((0, 0), (1,)), ((1,), (2,))]
    assert model.buffers[0].size == 0
    assert model.entries == ()


def test_signatures_and_buffers_behind_the_tables() -> None:
    table = adder()
    table[7] = [{0: [{0: b"x", 1: Scalar("I", 0)}], 1: [{0: b"y", 1: Scalar("I", 2)}], 2: b"serve"}]
    table[4].append({1: Scalar("Q", 640), 2: Scalar("Q", 32)})
    model = read_model(flatbuffer(table))
    assert model.entries == ((b"x", 0, 0), (b"y", 0, 2))
    assert model.buffers[1] == Buffer(640, 32)


def test_the_shipped_model(bare_model: bytes) -> None:
    model = read_model(bare_model)
    (graph,) = model.graphs
    assert graph.tensors[graph.inputs[0]].shape == (1, 28, 28, 1)
    assert graph.operators[-1].signature.name == "FULLY_CONNECTED"
    assert sum(buffer.size for buffer in model.buffers) > 50_000  # the weights
