"""The form of inputs and outputs, by shapes and operators."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.foreign.forms import InputForm, input_form, output_form
from runtime.foreign.graph import read_graph
from tests.runtime.foreign.build import Made, Plan


@pytest.mark.parametrize(
    ("shape", "form"),
    [
        ((1, 224, 224, 3), InputForm("nhwc", 224, 224, 3)),
        ((-1, 32, 20, 1), InputForm("nhwc", 32, 20, 1)),
        ((1, 3, 224, 160), InputForm("nchw", 224, 160, 3)),
        ((1, 1, 28, 28), InputForm("nchw", 28, 28, 1)),
        ((1, 28, 28), InputForm("hw", 28, 28, 1)),
        ((-1, 784), InputForm("flat", 28, 28, 1)),
        ((1, 1960), InputForm("flat")),
        ((1, -1, -1, 3), InputForm("nhwc", 0, 0, 3)),
        ((-1, 3, -1, -1), InputForm("nchw", 0, 0, 3)),
        ((1, 224, -1, 3), InputForm("nhwc", 224, 0, 3)),
        ((1, 128, 1, 1), InputForm("")),
        ((1, 1), InputForm("")),
        ((1, 63), InputForm("")),
        ((1, 7, 7, 3), InputForm("")),
        ((1, 49, 40, 2), InputForm("")),
        ((4, 28, 28, 1), InputForm("")),
        ((224, 224, 3), InputForm("")),
        ((1, 8, 28, 28, 1), InputForm("")),
        ((), InputForm("")),
    ],
)
def test_inputs(shape: tuple[int, ...], form: InputForm) -> None:
    tensor = read_graph(Plan([Made(shape)], [], outputs=()).build()).tensors[0]
    assert input_form(tensor) == form


def ends(*names: str, shape: tuple[int, ...] = (1, 10), dtype: str = "float32") -> Plan:
    tensors = [Made((1, 64)), *(Made((1, 10)) for _ in names[:-1]), Made(shape, dtype)]
    return Plan(tensors, [(name, (index,), (index + 1,)) for index, name in enumerate(names)])


@pytest.mark.parametrize(
    ("plan", "classes", "kind", "last"),
    [
        (ends("FULLY_CONNECTED", "SOFTMAX"), 10, "probabilities", "SOFTMAX"),
        (ends("SOFTMAX", "QUANTIZE"), 10, "probabilities", "SOFTMAX"),
        (ends("LOGISTIC", "DEQUANTIZE", "RESHAPE"), 10, "sigmoid", "LOGISTIC"),
        (ends("LOG_SOFTMAX", "CAST"), 10, "log-probabilities", "LOG_SOFTMAX"),
        (ends("SOFTMAX", "LOG"), 10, "log-probabilities", "LOG"),
        (ends("FULLY_CONNECTED"), 10, "logits", "FULLY_CONNECTED"),
        (ends("CONV_2D", "SQUEEZE"), 10, "logits", "CONV_2D"),
        (ends("SOFTMAX", shape=(1, 1, 1, 10)), 10, "probabilities", "SOFTMAX"),
        (ends("SOFTMAX", shape=(1, 10, 1, 1)), 10, "probabilities", "SOFTMAX"),
        (ends("SOFTMAX", shape=(10,)), 10, "probabilities", "SOFTMAX"),
        (ends("LOGISTIC", shape=(1, 1)), 1, "sigmoid", "LOGISTIC"),
        (ends("SOFTMAX", shape=(1, 20, 20, 3)), 0, "probabilities", "SOFTMAX"),
        (ends("ARG_MAX", shape=(1,), dtype="int64"), 0, "logits", "ARG_MAX"),
    ],
)
def test_outputs(plan: Plan, classes: int, kind: str, last: str) -> None:
    graph = read_graph(plan.build())
    form = output_form(graph, graph.outputs[0])
    assert (form.classes, form.kind, form.last) == (classes, kind, last)


def test_a_softmax_in_single_steps() -> None:
    tensors = [Made((1, 10)) for _ in range(4)]
    steps = [("EXP", (0,), (1,)), ("SUM", (1,), (2,)), ("DIV", (1, 2), (3,))]
    graph = read_graph(Plan(tensors, steps).build())
    assert output_form(graph, 3).kind == "probabilities"
    graph = read_graph(Plan(tensors, [*steps[:2], ("DIV", (0, 2), (3,))]).build())
    assert output_form(graph, 3).kind == "logits"


def test_several_heads_of_sigmoids() -> None:
    tensors = [Made((1, 1)) for _ in range(4)] + [Made((1, 2))]
    heads = [("LOGISTIC", (0,), (2,)), ("LOGISTIC", (1,), (3,)), ("CONCATENATION", (2, 3), (4,))]
    assert output_form(read_graph(Plan(tensors, heads).build()), 4).kind == "sigmoid"
    heads[0] = ("TANH", (0,), (2,))
    assert output_form(read_graph(Plan(tensors, heads).build()), 4).kind == "logits"


def test_a_circle_of_a_damaged_file_ends() -> None:
    graph = read_graph(Plan([Made((1, 10)), Made((1, 10))], [("RESHAPE", (1,), (0,)), ("RESHAPE", (0,), (1,))]).build())
    assert output_form(graph, 1).last == ""


def test_kinds_never_come_from_values() -> None:
    """Those of 965 classes and more add up to 0.6 in steps of 1/256 (fault 7 of FOREIGN_MODELS)."""
    plan = Plan([Made((1, 64)), Made((1, 1001), "uint8", (1 / 256,), (0,))], [("SOFTMAX", (0,), (1,))])
    form = output_form(read_graph(plan.build()), 1)
    assert (form.kind, form.classes, form.dtype) == ("probabilities", 1001, "uint8")
    assert np.isclose(1 / 256, 0.00390625)
