"""What a .tflite without a card says of itself, put together: how it is fed, what it gives, and who says so."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import ModelError, ModelMismatch
from runtime.foreign import forms, refusals
from runtime.foreign.forms import InputForm, OutputForm
from runtime.foreign.given import Given
from runtime.foreign.graph import Graph, read_graph
from runtime.foreign.label_choice import Labels, choose_labels, labels_beside
from runtime.foreign.metadata import Metadata, language_of, read_metadata
from runtime.foreign.normalization import Finding, find_scale
from runtime.foreign.refusals import plain
from runtime.tflite.labels import explain_count

FEEDABLE = ("float32", "float16", "uint8", "int8", "int16", "int32", "int64")
GIVEN = "given"


@dataclass(frozen=True)
class Evidence:
    """What is known of a model without a card.

    Attributes:
        name: Of the file, for messages.
        dtype: Of its input.
        form: Of its input; its size is known.
        scale: Which pixels it takes, and who says so; None where nobody does.
        output: Index of the output that holds the scores.
        output_form: Of that output.
        labels: Names of the classes.
        metadata: What the file says of itself in words.
        resize: (how a picture is made to fit, who says so).
        color: (order of the channels, who says so).
        framing: Name of the framing.
    """

    name: str
    dtype: str
    form: InputForm
    scale: Finding | None
    output: int
    output_form: OutputForm
    labels: Labels
    metadata: Metadata
    resize: tuple[str, str]
    color: tuple[str, str]
    framing: str

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the input tensor for one picture of the form's size."""
        height, width, channels = self.form.height, self.form.width, self.form.channels
        return {
            "nhwc": (1, height, width, channels),
            "nchw": (1, channels, height, width),
            "hw": (1, height, width),
            "flat": (1, height * width),
        }[self.form.layout]


def read_evidence(data: bytes, model: bytes, path: Path, given: Given) -> Evidence:
    """Look at everything that a file without a card says, and at what the caller says of it.

    Args:
        data: The whole file.
        model: Its flatbuffer, without what follows it.
        path: Of the file: labels may lie beside it.
        given: What the caller says.

    Returns:
        What is known. Where nobody says which pixels a float model takes, `scale` is None.

    Raises:
        ModelError: It is no picture classifier, or cannot be run here; the message says what it is. ModelMismatch
            where the caller says what cannot be.
    """
    name = plain(path.name, 60)
    graph = read_graph(model)
    refusals.refuse_operators(graph, name)
    metadata = read_metadata(data, graph, language_of(os.environ))
    refusals.refuse_task(metadata.task, name)
    form = _input_form(graph, name, given)
    outputs = [forms.output_form(graph, index) for index in graph.outputs]
    output = _choose_output(outputs, name, path, metadata, given)
    labels = _labels(path, metadata, given, output, outputs[output])
    refusals.refuse_output(outputs[output], name, bool(labels.by))
    tensor = graph.tensors[graph.inputs[0]]
    scale = Finding(given.scale, GIVEN) if given.scale else find_scale(graph, form, metadata)
    return Evidence(
        name=name,
        dtype=tensor.dtype,
        form=form,
        scale=_checked(scale, form, name),
        output=output,
        output_form=outputs[output],
        labels=labels,
        metadata=metadata,
        resize=_resize(scale, metadata, given),
        color=_color(form, name, given),
        framing=given.framing or "whole",
    )


def _input_form(graph: Graph, name: str, given: Given) -> InputForm:
    """The form of the one input, its size that of the model or, where that is left open, the one given."""
    if len(graph.inputs) != 1:
        raise ModelError(f"{name} takes {len(graph.inputs)} inputs; a picture classifier takes one")
    tensor = graph.tensors[graph.inputs[0]]
    form = forms.input_form(tensor)
    if not form.layout or tensor.dtype not in FEEDABLE:
        kind = "" if tensor.dtype in FEEDABLE else f"{tensor.dtype} "
        raise ModelError(f"{name} is no picture classifier: its input {kind}{tensor.signature} is no picture")
    if given.size is None:
        if form.height and form.width:
            return form
        if form.layout == "flat":
            raise ModelError(f"{name} takes {tensor.shape[1]} numbers. If they are a picture, say its size: --size HxW")
        raise ModelError(f"{name} leaves the size of its pictures open, {tensor.signature}. Say it: --size HxW")
    height, width = given.size
    said = f"--size {height}x{width}"
    if form.layout == "flat":
        if height * width != tensor.shape[1]:
            raise ModelMismatch(f"{said}: {name} takes {tensor.shape[1]} numbers, and {height}x{width} are not so many")
    elif form.height not in (0, height) or form.width not in (0, width):
        raise ModelMismatch(f"{said}: {name} takes pictures of {form.height or 'any'}x{form.width or 'any'}")
    return InputForm(form.layout, height, width, form.channels)


def _choose_output(outputs: Sequence[OutputForm], name: str, path: Path, metadata: Metadata, given: Given) -> int:
    """The output that holds the scores: the one given, the only one, or the one that the labels agree with."""
    if given.output is not None:
        if given.output >= len(outputs):
            raise ModelMismatch(f"--model-output {given.output}: {name} has outputs 0 to {len(outputs) - 1}")
        return given.output
    if len(outputs) == 1:
        return 0
    if refusals.is_detector(outputs):
        raise ModelError(f"{name} is an object detector ({len(outputs)} outputs, one of boxes), no classifier")
    counts = [given.labels] if given.labels else [*metadata.labels.values(), *(x.names for x in labels_beside(path))]
    for labels in counts:
        fitting = [number for number, form in enumerate(outputs) if _classes(form) == len(labels) and _is_list(form)]
        if len(fitting) == 1:
            return fitting[0]
    listed = ", ".join(f"{number} {form}" for number, form in list(enumerate(outputs))[:5])
    more = " ..." if len(outputs) > 5 else ""
    raise ModelError(f"{name} has {len(outputs)} outputs: {listed}{more}. Say which holds the scores: --model-output N")


def _is_list(form: OutputForm) -> bool:
    return form.classes > 1 or (form.classes == 1 and form.kind == "sigmoid")


def _classes(form: OutputForm) -> int:
    """Number of classes: one sigmoid stands for two."""
    return 2 if form.classes == 1 else form.classes


def _labels(path: Path, metadata: Metadata, given: Given, output: int, form: OutputForm) -> Labels:
    labels = choose_labels(path, metadata, given, output, _classes(form))
    if _is_list(form) and len(labels.names) != _classes(form):
        raise ModelMismatch(explain_count(labels.names, _classes(form)))
    return labels


def _checked(scale: Finding | None, form: InputForm, name: str) -> Finding | None:
    if scale and len(scale.scale.mean) not in (1, form.channels):
        raise ModelMismatch(
            f"{name} takes pictures of {form.channels} channel(s); received {len(scale.scale.mean)} means"
        )
    return scale


def _resize(scale: Finding | None, metadata: Metadata, given: Given) -> tuple[str, str]:
    if given.resize:
        return given.resize, GIVEN
    if scale and scale.resize:
        return scale.resize, "Ultralytics metadata" if metadata.task else "Teachable Machine"
    return "stretch", "usual"


def _color(form: InputForm, name: str, given: Given) -> tuple[str, str]:
    channels = {"gray": 1, "rgb": 3, "bgr": 3}
    if given.color is None:
        return ("gray" if form.channels == 1 else "rgb"), ("one channel" if form.channels == 1 else "usual")
    if channels[given.color] != form.channels:
        raise ModelMismatch(f"--color {given.color}: {name} takes pictures of {form.channels} channel(s)")
    return given.color, GIVEN
