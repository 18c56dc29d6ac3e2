"""Models that are no picture classifiers, or that this runtime cannot run: each said in one line, by what it is."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.errors import ModelError
from runtime.foreign.forms import CLASS_NUMBERS, FEATURES, OutputForm
from runtime.foreign.graph import Graph

EDGE_TPU = "edgetpu-custom-op"
DETECTORS = {"TFLite_Detection_PostProcess", "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5"}
TASKS = {  # Ultralytics'
    "detect": "an object detector",
    "obb": "a detector of turned boxes",
    "segment": "a segmentation of instances",
    "pose": "a pose estimator",
}
LARGEST_GRID = 64  # cells a side; a finer one is for pixels
SHOWN = 2  # names of operators in a message
LONGEST_NAME = 40  # characters of a text that the file brings


def plain(text: str, length: int = LONGEST_NAME) -> str:
    r"""Make a text that a file brings fit for a message.

    Args:
        text: Anything.
        length: Of characters, at most.

    Returns:
        Its printable characters; a longer text ends in "...".

    Example:
        >>> plain("Flex\x1b[2J" + "x" * 60)
        'Flex?[2Jxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'
    """
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    return clean if len(clean) <= length else f"{clean[: length - 3]}..."


def refuse_operators(graph: Graph, name: str) -> None:
    """Refuse what an operator or a tensor shows to be for another runtime, before an interpreter is asked.

    Args:
        graph: Of the model.
        name: Of the file, for messages.

    Raises:
        ModelError: The model is compiled for an Edge TPU, needs TensorFlow's own operators, is an object detector, or
            is for TFLite Micro alone.
    """
    names = [operator.name for operator in graph.operators]
    if EDGE_TPU in names:
        raise ModelError(
            f"{name} is compiled for the Edge TPU ({EDGE_TPU}); this runtime uses the CPU: take the .tflite that "
            "edgetpu_compiler was given"
        )
    flex = list(dict.fromkeys(word for word in names if word.startswith("Flex")))
    if flex:
        shown = ", ".join(plain(word) for word in flex[:SHOWN]) + (" ..." if len(flex) > SHOWN else "")
        raise ModelError(f"{name} needs TensorFlow's own operators ({shown}); convert it again without SELECT_TF_OPS")
    if DETECTORS & set(names):
        raise ModelError(f"{name} is an object detector ({_outputs(graph)}), no classifier")
    if any(len(tensor.scales) > 1 and not 0 <= tensor.axis < len(tensor.shape) for tensor in graph.tensors):
        raise ModelError(
            f"{name} is for TFLite Micro alone: its quantization is not what full interpreters read "
            "(quantized_dimension)"
        )


def refuse_task(task: str, name: str) -> None:
    """Refuse what Ultralytics' metadata says is no classifier.

    Args:
        task: As the metadata has it; "" where there is none.
        name: Of the file, for messages.

    Raises:
        ModelError: It is another task than "classify".
    """
    if task and task != "classify":
        what = TASKS.get(task, "made for something else")
        raise ModelError(f"{name} is {what}, no classifier (its metadata says task {plain(task)})")


def refuse_output(form: OutputForm, name: str, has_labels: bool) -> None:
    """Refuse an output that is no list of scores.

    Args:
        form: Of the output.
        name: Of the file, for messages.
        has_labels: Whether there is a label for each of its numbers, so that they are classes.

    Raises:
        ModelError: It is none; the message says what it is.
    """
    shape = form.shape
    if form.last in CLASS_NUMBERS:
        if max(shape, default=1) > 1 and len(shape) > 2:
            raise ModelError(f"{name} gives a class for each pixel, {shape}: segmentation, no classifier")
        raise ModelError(f"{name} gives only the number of the class ({form.last}, {form.dtype}), no scores")
    if form.classes == 0:
        raise ModelError(f"{name} gives {_described(form)}, no classifier")
    if form.classes == 1 and form.kind != "sigmoid":
        raise ModelError(f"{name} gives one number that is no probability: a regression")
    if form.last in FEATURES and not has_labels:
        raise ModelError(
            f"{name} ends with {form.last}, {form.classes} features: an embedding. If they are classes, give their "
            "labels: -l FILE"
        )


def _described(form: OutputForm) -> str:
    shape = form.shape
    if form.dtype in ("int32", "int64") and len(shape) in (3, 4):
        return f"a class for each pixel, {shape}: segmentation"
    if len(shape) == 4 and min(shape[1:3]) < LARGEST_GRID:
        return f"a grid of scores, {shape}: FOMO or a heat map"
    if len(shape) == 4:
        return f"scores for each pixel, {shape}: segmentation or a heat map"
    if len(shape) == 3:
        return f"a table of numbers, {shape}: boxes of an object detector, or a sequence"
    return f"{form.dtype} of shape {shape}, no list of scores"


def is_detector(forms: Sequence[OutputForm]) -> bool:
    """Recognize an object detector by its outputs: one has 4 numbers for each box.

    Args:
        forms: Of all outputs.

    Returns:
        Whether they are those of a detector.
    """
    boxes = [form for form in forms if len(form.shape) >= 3 and form.shape[-1] == 4]
    return len(forms) > 1 and bool(boxes)


def _outputs(graph: Graph) -> str:
    words = ": boxes, classes, scores, count" if len(graph.outputs) == 4 else ""
    return f"{len(graph.outputs)} outputs{words}" if len(graph.outputs) != 1 else "1 output"
