"""What can be known of a .tflite model from the file alone, before C++ sees it.

The interpreters look at little of it themselves: an index of -1, a scale of 0 or an operator with an input too few ends
the process, and a buffer outside the file is read and written. What the file does not show is found by a trial, see
runtime.tflite.trial.
"""

from __future__ import annotations

from collections.abc import Iterator

from runtime.errors import ModelError
from runtime.tflite.flatbuffer import check_flatbuffer
from runtime.tflite.graph import Graph, Model, read_model
from runtime.tflite.memory import peak_bytes
from runtime.tflite.verify_operators import operator_faults, tensor_faults

# Of tensors that are not constant, all graphs together. The service may take 400 MB for everything (MemoryMax).
MAX_TENSOR_BYTES = 256 * 2**20
# Types of inputs and outputs that numpy has, by their numbers in the schema: not STRING, RESOURCE, INT4 and BFLOAT16.
NUMPY_TYPES = frozenset({0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 15, 16})


def verify_model(data: bytes) -> None:
    """Check all that a model's file shows: places, indices, operators, quantization, memory. Its time is linear.

    Args:
        data: A bare .tflite flatbuffer.

    Raises:
        ModelError: The model cannot be run safely; the message names the first part that is at fault.

    Example:
        >>> from pathlib import Path
        >>> from runtime.tflite.card_file import split_card
        >>> verify_model(split_card(Path("runtime/models/digits.tflite").read_bytes())[0])
    """
    check_flatbuffer(data)
    model = read_model(data)
    for fault in _faults(model, len(data)):
        raise ModelError(f"the .tflite model is damaged or not made for this: {fault}. Copy or convert it again")


def _faults(model: Model, size: int) -> Iterator[str]:
    if not model.graphs:
        yield "it has no graph (subgraph)"
        return
    for index, buffer in enumerate(model.buffers):
        if buffer.start + buffer.size > size:
            yield f"buffer {index} lies outside the file, at {buffer.start} with {buffer.size} bytes"
    for number, graph in enumerate(model.graphs):
        where = f" of subgraph {number}" if number else ""
        for fault in _graph_faults(model, graph, size):
            yield fault + where
    yield from _interface_faults(model)
    yield from _call_faults(model)
    needed = sum(peak_bytes(model, graph) for graph in model.graphs)
    if needed > MAX_TENSOR_BYTES:
        yield f"its tensors take {needed:,} bytes at once, at most {MAX_TENSOR_BYTES:,} are allowed"


def _graph_faults(model: Model, graph: Graph, size: int) -> Iterator[str]:
    tensors = len(graph.tensors)
    for name, indices in (("input", graph.inputs), ("output", graph.outputs)):
        for index in indices:
            if not 0 <= index < tensors:
                yield f"{name} is tensor {index} of {tensors}"
                return
    for index, tensor in enumerate(graph.tensors):
        for fault in tensor_faults(model, graph, tensor):
            yield f"tensor {index}: {fault}"
            return
    for index, operator in enumerate(graph.operators):
        for fault in operator_faults(model, graph, operator, size):
            yield f"operator {index} ({operator.signature.name[:40]}): {fault}"
            return
    yield from _order_faults(model, graph)


def _order_faults(model: Model, graph: Graph) -> Iterator[str]:
    """Tensors that are read before anything has computed them: their memory holds what was left there."""
    known = {index for index, tensor in enumerate(graph.tensors) if tensor.is_variable or 0 in tensor.shape}
    known |= {index for index, tensor in enumerate(graph.tensors) if model.buffers[tensor.buffer].size}
    known.update(graph.inputs)
    for number, operator in enumerate(graph.operators):
        for index in operator.inputs:
            if index >= 0 and index not in known:
                yield f"operator {number} ({operator.signature.name[:40]}): tensor {index} is read and nothing wrote it"
                return
        known.update(operator.outputs)
    for index in graph.outputs:
        if index not in known:
            yield f"nothing computes its output, tensor {index}"


def _interface_faults(model: Model) -> Iterator[str]:
    """What Python reads of the main graph and the named ways in: types that numpy has, names that are UTF-8."""
    main = model.graphs[0]
    for index in (*main.inputs, *main.outputs):
        tensor = main.tensors[index]
        if tensor.type not in NUMPY_TYPES:
            yield f"an input or output is of type {tensor.type}, which numpy does not have"
        if not _is_utf8(tensor.name):
            yield f"the name of tensor {index} is not UTF-8"
    for name, graph, index in model.entries:
        if graph >= len(model.graphs) or index >= len(model.graphs[graph].tensors):
            yield f"a signature names tensor {index} of subgraph {graph}, which is not there"
        if not _is_utf8(name):
            yield "a name in a signature is not UTF-8"


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _call_faults(model: Model) -> Iterator[str]:
    """Graphs that run one another in a circle, or the main one: their recursion would end the process."""
    calls = [{index for one in graph.operators for index in one.called} for graph in model.graphs]
    for caller, called in enumerate(calls):
        for index in called:
            if not 0 < index < len(calls):
                kind = "the main graph" if index == 0 else f"subgraph {index} of {len(calls)}"
                yield f"an operator of subgraph {caller} runs {kind}"
                return
    left = dict(enumerate(calls))
    while left:  # take those away that call nothing that is left, until none is (Kahn 1962)
        free = [caller for caller, called in left.items() if not called & left.keys()]
        if not free:
            yield f"subgraphs {', '.join(map(str, list(left)[:5]))} run one another in a circle"
            return
        for caller in free:
            del left[caller]
