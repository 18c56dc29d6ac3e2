"""What a .tflite's scores are, by the operator that computes them. Only the child process imports this module."""

from __future__ import annotations

from typing import Any

from tensorflow.lite.python import schema_py_generated as schema

# The card's decision.output by the last operator that is no mere change of form.
KINDS = {"SOFTMAX": "probabilities", "LOGISTIC": "sigmoid", "LOG_SOFTMAX": "log-probabilities"}
FORMS = {"QUANTIZE", "DEQUANTIZE", "RESHAPE", "SQUEEZE", "CAST", "EXPAND_DIMS"}
NAMES = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}


def output_kind(model: bytes) -> str:
    """Find out what a model's scores are.

    Values tell too little: sigmoids of a sure model sum to about 1, too.

    Args:
        model: A .tflite flatbuffer with one output.

    Returns:
        "probabilities", "sigmoid" or "log-probabilities"; "" for any other last operator, such as a layer of logits
        or a softmax that is computed step by step.
    """
    read = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytearray(model), 0))
    graph = read.subgraphs[0]
    makers: dict[int, Any] = {int(tensor): operator for operator in graph.operators for tensor in operator.outputs}
    tensor = int(graph.outputs[0])
    while tensor in makers:
        operator = makers[tensor]
        code = read.operatorCodes[operator.opcodeIndex]
        name = NAMES.get(max(code.builtinCode, code.deprecatedBuiltinCode), "")
        if name not in FORMS:
            return KINDS.get(name, "")
        tensor = int(operator.inputs[0])
    return ""
