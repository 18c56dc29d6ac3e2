"""What is no picture classifier is refused by what it is, in one line."""

from __future__ import annotations

import pytest

from runtime.errors import ModelError
from runtime.foreign import refusals
from runtime.foreign.forms import OutputForm
from runtime.foreign.graph import read_graph
from tests.runtime.foreign.build import Made, Plan


def of_operators(*names: str, outputs: int = 1) -> str:
    tensors = [Made((1, 64)), *(Made((1, 10)) for _ in range(max(len(names), outputs)))]
    steps = [(name, (index,), (index + 1,)) for index, name in enumerate(names)]
    plan = Plan(tensors, steps, outputs=range(1, 1 + outputs))
    with pytest.raises(ModelError) as raised:
        refusals.refuse_operators(read_graph(plan.build()), "x.tflite")
    return str(raised.value)


def test_operators_of_other_runtimes() -> None:
    assert of_operators("edgetpu-custom-op") == (
        "x.tflite is compiled for the Edge TPU (edgetpu-custom-op); this runtime uses the CPU: take the .tflite that "
        "edgetpu_compiler was given"
    )
    assert of_operators("FlexConv2D", "FlexBiasAdd", "FlexRelu", "FlexConv2D") == (
        "x.tflite needs TensorFlow's own operators (FlexConv2D, FlexBiasAdd ...); convert it again without "
        "SELECT_TF_OPS"
    )
    assert of_operators("TFLite_Detection_PostProcess", outputs=4) == (
        "x.tflite is an object detector (4 outputs: boxes, classes, scores, count), no classifier"
    )
    assert of_operators("NON_MAX_SUPPRESSION_V5", outputs=2).startswith("x.tflite is an object detector (2 outputs)")


def test_a_name_in_the_file_cannot_write_to_the_terminal() -> None:
    message = of_operators("Flex\x1b[2J\n" + "x" * 500)
    assert message.isprintable()
    assert len(message) < 200


def test_tflite_micro_alone() -> None:
    tensors = [Made((1, 4)), Made((4,), "int8", (0.1, 0.2), (0, 0), axis=3), Made((1, 4))]
    with pytest.raises(ModelError, match=r"is for TFLite Micro alone: .*\(quantized_dimension\)"):
        refusals.refuse_operators(read_graph(Plan(tensors, [("ADD", (0, 1), (2,))]).build()), "x.tflite")


def test_a_sound_model_passes() -> None:
    tensors = [Made((1, 4)), Made((4, 4), "int8", (0.1,) * 4, (0,) * 4, axis=0), Made((1, 4))]
    refusals.refuse_operators(read_graph(Plan(tensors, [("ADD", (0, 1), (2,))]).build()), "x.tflite")


def test_ultralytics_other_tasks() -> None:
    refusals.refuse_task("", "x.tflite")
    refusals.refuse_task("classify", "x.tflite")
    with pytest.raises(ModelError, match="is an object detector, no classifier"):
        refusals.refuse_task("detect", "x.tflite")
    with pytest.raises(ModelError, match="made for something else"):
        refusals.refuse_task("depth", "x.tflite")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (OutputForm(0, "logits", "ARG_MAX", (1,), "int64"), "gives only the number of the class (ARG_MAX, int64)"),
        (OutputForm(1, "logits", "ARG_MAX", (1, 1), "float32"), "gives only the number of the class"),
        (OutputForm(0, "logits", "ARG_MAX", (1, 513, 513), "int64"), "a class for each pixel, (1, 513, 513): seg"),
        (OutputForm(0, "logits", "CONV_2D", (1, 513, 513), "int32"), "a class for each pixel, (1, 513, 513): seg"),
        (OutputForm(0, "probabilities", "SOFTMAX", (1, 20, 20, 3), "int8"), "a grid of scores, (1, 20, 20, 3): FOMO"),
        (OutputForm(0, "logits", "CONV_2D", (1, 257, 257, 21), "float32"), "gives scores for each pixel"),
        (OutputForm(0, "logits", "CONCATENATION", (1, 84, 8400), "float32"), "boxes of an object detector"),
        (OutputForm(0, "logits", "SUM", (2, 3), "float32"), "no list of scores"),
        (OutputForm(1, "logits", "FULLY_CONNECTED", (1, 1), "float32"), "one number that is no probability: a reg"),
        (OutputForm(1024, "logits", "AVERAGE_POOL_2D", (1, 1, 1, 1024), "float32"), "1024 features: an embedding"),
        (OutputForm(1280, "logits", "MEAN", (1, 1280), "float32"), "ends with MEAN, 1280 features: an embedding"),
    ],
)  # fmt: skip
def test_outputs_that_are_no_list_of_scores(form: OutputForm, said: str) -> None:
    with pytest.raises(ModelError) as raised:
        refusals.refuse_output(form, "x.tflite", has_labels=False)
    assert str(raised.value).startswith("x.tflite ")
    assert said in str(raised.value)
    assert len(str(raised.value)) <= 250


@pytest.mark.parametrize(
    "form",
    [
        OutputForm(10, "logits", "FULLY_CONNECTED", (1, 10), "float32"),
        OutputForm(10, "probabilities", "SOFTMAX", (1, 1, 1, 10), "uint8"),
        OutputForm(1, "sigmoid", "LOGISTIC", (1, 1), "float32"),
        OutputForm(1000, "logits", "AVERAGE_POOL_2D", (1, 1000), "float32"),
    ],
)
def test_lists_of_scores_pass(form: OutputForm) -> None:
    refusals.refuse_output(form, "x.tflite", has_labels=True)


def test_a_detectors_outputs() -> None:
    boxes, scores = (OutputForm(0, "logits", "", shape, "float32") for shape in ((1, 1917, 4), (1, 1917, 91)))
    assert refusals.is_detector([boxes, scores])
    assert not refusals.is_detector([scores, scores])
    assert not refusals.is_detector([OutputForm(4, "logits", "", (1, 4), "float32")])
