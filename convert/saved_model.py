"""The operators of a SavedModel, looked at before TensorFlow loads it: an operator runs as the person who converts.

A TensorFlow graph can read and write files and call code. TFLite has none of that, so a model that needs it cannot be
converted anyway. What is allowed is what only computes: operators without state and without texts, and those of
variables, functions, loops, random numbers and tables in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import op_def_registry

from runtime.errors import ModelError

GRAPH_FILE = "saved_model.pb"
SPLIT_FILE = "saved_model.cpb"
SHOWN = 4  # operators in a message
MAX_CONSTANT = 1 << 30  # bytes: one value can stand for a constant of any shape
SAVER = ("SaveV2", "RestoreV2", "ShardedFilename", "MergeV2Checkpoints")

# With state, and within the process: variables, functions, loops, random numbers (of dropout), lists, tables.
IN_MEMORY = {
    *("VarHandleOp", "ReadVariableOp", "AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"),
    *("VarIsInitializedOp", "VariableShape", "Variable", "VariableV2", "DisableCopyOnRead", "DestroyResourceOp"),
    *("StatefulPartitionedCall", "While", "If", "Case", "Empty", "CheckNumerics", "CheckNumericsV2", "Assert"),
    *("RandomUniform", "RandomUniformInt", "RandomStandardNormal", "TruncatedNormal", "RandomShuffle", "Multinomial"),
    *("StatefulUniform", "StatefulUniformInt", "StatefulUniformFullInt", "StatefulStandardNormalV2", "RngSkip"),
    *("RngReadAndSkip", "NonDeterministicInts", "StatelessRandomGetAlg", "StatefulTruncatedNormal"),
    *("HashTable", "HashTableV2", "MutableHashTableV2", "LookupTableFindV2", "LookupTableSizeV2"),
    *("LookupTableImportV2", "LookupTableInsertV2", "LookupTableExportV2", "InitializeTableV2"),
    *("TensorArrayV3", "TensorArrayReadV3", "TensorArrayWriteV3", "TensorArrayGatherV3", "TensorArrayScatterV3"),
    *("TensorArraySizeV3", "TensorArrayConcatV3", "TensorArraySplitV3", "TensorArrayCloseV3", "_Arg", "_Retval"),
}
# Without state by their own word, and yet they reach out of the graph, or run what others compiled.
REACHING_OUT = ("PyFunc", "Debug", "Xla", "TPU", "_XLA", "Copy", "Mlir", "ImmutableConst", "RemoteCall", "Abort")
TEXTS_ALLOWED = {"StringFormat", "AsString", "StringJoin"}  # of assertions' messages; they make texts alone


def check_saved_model(folder: Path) -> None:
    """Look at every operator that loading or calling a SavedModel could run.

    Args:
        folder: The SavedModel.

    Raises:
        ModelError: It is damaged, or has operators that do more than compute.
    """
    message = saved_model_pb2.SavedModel()
    if (folder / SPLIT_FILE).exists():  # TensorFlow would load it in place of GRAPH_FILE
        raise ModelError(f"{folder}: a model in parts ({SPLIT_FILE}), over 2 GB, is not converted")
    try:
        message.ParseFromString((folder / GRAPH_FILE).read_bytes())
    except Exception as error:  # protobuf's errors have no common base
        raise ModelError(f"{folder}: {GRAPH_FILE} is damaged ({error}); copy it again") from None
    graphs = message.meta_graphs
    if len(graphs) == 1 and graphs[0].HasField("object_graph_def"):
        nodes = list(_of_objects(graphs[0]))
    else:
        nodes = [node for graph in graphs for node in _of_graph(graph)]
    refused = sorted({node.op for node in nodes if not _only_computes(node)})
    if refused:
        rest = f" and {len(refused) - SHOWN} more" if len(refused) > SHOWN else ""
        raise ModelError(
            f"{folder.name} has operators that do more than compute: {', '.join(refused[:SHOWN])}{rest}. It was not "
            "loaded, and TFLite has none of them: export the model without them"
        )
    large = max(map(_constant_bytes, nodes), default=0)
    if large > MAX_CONSTANT:
        raise ModelError(f"{folder.name} has a constant of {large >> 20:,} MiB; it was not loaded")


def _of_objects(graph: Any) -> Iterator[Any]:
    """The nodes of TensorFlow 2's functions, but for those that nothing but saving calls."""
    functions = {function.signature.name: function for function in graph.graph_def.library.function}
    called = set(graph.object_graph_def.concrete_functions)
    for function in functions.values():
        called.update(name for node in function.node_def for name in _functions_of(node))
    for name, function in functions.items():
        if name in called or not any(node.op in SAVER for node in function.node_def):
            yield from function.node_def


def _of_graph(graph: Any) -> Iterator[Any]:
    """The nodes of a graph of TensorFlow 1, but for those that save; it restores its variables by nodes of its own."""
    nodes = {node.name: node for node in graph.graph_def.node}
    answers = [tensor.name for row in graph.signature_def.values() for tensor in row.outputs.values()]
    answers += [name for row in graph.collection_def.values() for name in row.node_list.value]
    answering, restoring = _upstream(nodes, answers), _upstream(nodes, [graph.saver_def.restore_op_name])
    saving = _upstream(nodes, [graph.saver_def.save_tensor_name])
    for name, node in nodes.items():
        is_saver = name in saving - answering - restoring or (node.op == "RestoreV2" and name in restoring)
        if not is_saver and (node.op != "Const" or name in answering):
            yield node
    for function in graph.graph_def.library.function:
        yield from function.node_def


def _upstream(nodes: Mapping[str, Any], names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = [*names]
    while waiting:
        name = waiting.pop().lstrip("^").partition(":")[0]
        if name in nodes and name not in found:
            found.add(name)
            waiting.extend(nodes[name].input)
    return found


def _functions_of(node: Any) -> Iterator[str]:
    for value in node.attr.values():
        if value.HasField("func"):
            yield value.func.name
        yield from (function.name for function in value.list.func)


def _only_computes(node: Any) -> bool:
    definition = op_def_registry.get(node.op)
    if node.op in IN_MEMORY or node.op in TEXTS_ALLOWED:
        return True
    if definition is None or definition.is_stateful or node.op.startswith(REACHING_OUT) or "Dataset" in node.op:
        return False
    arguments = [*definition.input_arg, *definition.output_arg]
    return all(argument.type != types_pb2.DT_STRING for argument in arguments)


def _constant_bytes(node: Any) -> int:
    if node.op != "Const":
        return 0
    tensor = node.attr["value"].tensor
    count = 1
    for dimension in tensor.tensor_shape.dim:
        count *= max(0, dimension.size)
    return int(count * max(1, tf.dtypes.as_dtype(tensor.dtype).size)) if tensor.dtype else 0
