"""How much memory a graph's tensors take, by the shapes that the file says."""

from __future__ import annotations

import math
from collections.abc import Mapping

from runtime.tflite.graph import Graph, Model, Tensor

# Bits of one value, by the type's number in the schema. STRING, RESOURCE and VARIANT are handles or grow as they run.
ITEM_BITS: Mapping[int, int] = {
    **{0: 32, 1: 16, 2: 32, 3: 8, 4: 64, 5: 8, 6: 8, 7: 16, 8: 64, 9: 8, 10: 64, 11: 128, 12: 64, 13: 8, 14: 8},
    **{15: 32, 16: 16, 17: 4, 18: 16, 19: 2, 20: 4, 21: 8, 22: 8},
}


def tensor_bytes(tensor: Tensor) -> int:
    """The size of a tensor's values.

    Args:
        tensor: Its type is one of ITEM_BITS.

    Returns:
        Bytes.
    """
    return (math.prod(tensor.shape) * ITEM_BITS[tensor.type] + 7) // 8


def peak_bytes(model: Model, graph: Graph) -> int:
    """The least that a graph's tensors take at the moment when most of them are needed; constants are not counted.

    A tensor is needed from the operator that writes it to the last one that reads it, which is how the interpreters
    place them in one arena.

    Args:
        model: The model.
        graph: One of its graphs, whose indices are right.

    Returns:
        Bytes.
    """
    last = len(graph.operators)
    first_use = dict.fromkeys(graph.inputs, 0)
    last_use = dict.fromkeys((*graph.inputs, *graph.outputs), last)  # the interpreter keeps its inputs
    for number, operator in enumerate(graph.operators):
        for index in (*operator.inputs, *operator.outputs):
            if index >= 0:
                first_use.setdefault(index, number)
                last_use[index] = max(last_use.get(index, 0), number)
    change = [0] * (last + 2)
    always = 0
    for index, start in first_use.items():
        tensor = graph.tensors[index]
        if model.buffers[tensor.buffer].size:
            continue
        if tensor.is_variable:
            always += tensor_bytes(tensor)
        else:
            change[start] += tensor_bytes(tensor)
            change[last_use[index] + 1] -= tensor_bytes(tensor)
    peak = now = 0
    for step in change:
        now += step
        peak = max(peak, now)
    return always + peak
