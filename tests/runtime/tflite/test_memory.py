"""How much the tensors of a graph take at once."""

from __future__ import annotations

from runtime.tflite.graph import read_model
from runtime.tflite.memory import peak_bytes, tensor_bytes
from tests.runtime.tflite.flatbuffers import INT8, Scalar, flatbuffer, graph, model, operator, tensor


def test_the_size_of_a_tensor() -> None:
    table = model([], [graph([tensor((2, 3, 4)), tensor((5,), INT8), tensor((5,), 17)], (), (), [])])
    assert [tensor_bytes(one) for one in read_model(flatbuffer(table)).graphs[0].tensors] == [96, 5, 3]


def test_the_peak_is_of_those_that_are_needed_at_once() -> None:
    """A chain keeps two at a time and its input; a tensor that is read at the end is kept until then."""
    tensors = [tensor((1,), INT8), *(tensor((1000,), INT8) for _ in range(4))]
    chain = [operator(0, (index,), (index + 1,)) for index in range(4)]
    table = model(["RELU", "ADD"], [graph(tensors, (0,), (4,), chain)])
    read = read_model(flatbuffer(table))
    assert peak_bytes(read, read.graphs[0]) == 2001
    chain[3] = operator(1, (3, 1), (4,))
    read = read_model(flatbuffer(table))
    assert peak_bytes(read, read.graphs[0]) == 3001


def test_constants_are_not_counted_and_variables_always_are() -> None:
    tensors = [tensor((8,), INT8), tensor((8,), INT8), tensor((8,), INT8, buffer=1), tensor((99,), INT8)]
    tensors[3][5] = Scalar("B", 1)
    operators = [operator(0, (0, 2), (1,)), operator(0, (1, 3), (1,))]
    read = read_model(flatbuffer(model(["ADD"], [graph(tensors, (0,), (1,), operators)], (bytes(8),))))
    assert peak_bytes(read, read.graphs[0]) == 99 + 16
