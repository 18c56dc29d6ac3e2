"""TFLite metadata in the .tflite: what MediaPipe Tasks, Android and Netron read of a model, beside the card.

A table of its own format (file identifier M001, schema metadata_schema.fbs of TensorFlow Lite's metadata, version 1)
lies in a buffer of the model that the name TFLITE_METADATA points to. The labels are a file in the zip behind the
model, where the card is. The model's own bytes stay as they are, one after the other: a new root is put before them.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np

from runtime.errors import ModelError
from runtime.tflite.card import ModelCard
from runtime.tflite.card_file import LABELS_FILE

SCORES = ("probabilities", "sigmoid")  # kinds of outputs that are 0 to 1 as the tensor has them
NAME, IDENTIFIER = "TFLITE_METADATA", b"M001"
MIN_PARSER_VERSION = "1.0.0"  # of the first schema: nothing newer is used
# Values of the schema's enums and unions.
RGB, GRAYSCALE = 1, 2
IMAGE_PROPERTIES = 2
NORMALIZATION, SCORE_THRESHOLDING = 1, 3
TENSOR_AXIS_LABELS = 2
# Fields of the model's root table, in the order of TFLite's schema.
ROOT_FIELDS, VERSION, BUFFERS, METADATA = 8, 0, 4, 6
ALIGNMENT = 16  # of the data of a buffer, and so of what is put before the model


def metadata_table(card: ModelCard) -> bytes:
    """Write what a card says as TFLite metadata.

    Args:
        card: The model's card, complete but for its sha256.

    Returns:
        A flatbuffer of the metadata schema. The same card always gives the same bytes.
    """
    builder = flatbuffers.Builder(1024)
    subgraph = _table(
        builder,
        {
            2: _vector(builder, [_input(builder, card)]),
            3: _vector(builder, [_output(builder, card)]),
        },
        size=10,
    )
    fields = {
        0: builder.CreateString(card.name),
        1: builder.CreateString(_description(card)),
        2: builder.CreateString(card.version),
        3: _vector(builder, [subgraph]),
        7: builder.CreateString(MIN_PARSER_VERSION),
    }
    builder.Finish(_table(builder, fields, size=8), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def _description(card: ModelCard) -> str:
    threshold, classes = card.decision.reject_threshold, len(card.labels)
    accuracy = card.accuracy
    known = f"; {accuracy.quantized:.2%} of {accuracy.n:,} test images right" if accuracy else ""
    return (
        f"Image classifier of {classes} classes{known}. It takes pixels 0 to 255, framed as {card.input.framing!r}. "
        f"A best score below {threshold:g}, after a temperature of {card.decision.temperature:g}, is no answer."
    )


def _input(builder: Any, card: ModelCard) -> int:
    spec = card.input
    size = _table(builder, {}, size=2, numbers={0: ("Uint32", spec.width), 1: ("Uint32", spec.height)})
    color = GRAYSCALE if spec.channels == 1 else RGB
    image = _table(builder, {1: size}, size=2, numbers={0: ("Int8", color)})
    content = _table(builder, {1: image}, size=3, numbers={0: ("Uint8", IMAGE_PROPERTIES)})
    mean, std = ([float(value)] * spec.channels for value in (0.0, 1.0))
    normalization = _table(builder, {0: _floats(builder, mean), 1: _floats(builder, std)}, size=2)
    top, bottom = [255.0] * spec.channels, [0.0] * spec.channels
    fields = {
        0: builder.CreateString("image"),
        1: builder.CreateString("Pixels 0 to 255."),
        3: content,
        4: _vector(builder, [_unit(builder, NORMALIZATION, normalization)]),
        5: _table(builder, {0: _floats(builder, top), 1: _floats(builder, bottom)}, size=2),
    }
    return _table(builder, fields, size=7)


def _output(builder: Any, card: ModelCard) -> int:
    labels = _table(
        builder,
        {0: builder.CreateString(LABELS_FILE), 1: builder.CreateString("The names of the classes.")},
        size=5,
        numbers={2: ("Int8", TENSOR_AXIS_LABELS)},
    )
    fields = {
        0: builder.CreateString("score" if card.decision.output in SCORES else "logit"),
        1: builder.CreateString("One for each class."),
        6: _vector(builder, [labels]),
    }
    # A temperature cannot be said in this schema, and the threshold is one of scores after it.
    if card.decision.output in SCORES and card.decision.temperature == 1.0 and card.decision.reject_threshold:
        threshold = _table(builder, {}, size=1, numbers={0: ("Float32", card.decision.reject_threshold)})
        fields[4] = _vector(builder, [_unit(builder, SCORE_THRESHOLDING, threshold)])
    return _table(builder, fields, size=7)


def _unit(builder: Any, kind: int, options: int) -> int:
    return _table(builder, {1: options}, size=2, numbers={0: ("Uint8", kind)})


def _table(
    builder: Any, offsets: dict[int, int], size: int, numbers: dict[int, tuple[str, float]] | None = None
) -> int:
    """A table of `size` fields. offsets: those that are objects, by field number; numbers: (type, value) of others."""
    builder.StartObject(size)
    for field, offset in offsets.items():
        builder.PrependUOffsetTRelativeSlot(field, offset, 0)
    for field, (kind, value) in (numbers or {}).items():
        getattr(builder, f"Prepend{kind}Slot")(field, value, 0)
    return int(builder.EndObject())


def _vector(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _floats(builder: Any, values: Sequence[float]) -> int:
    return int(builder.CreateNumpyVector(np.array(values, np.float32)))


def attach_metadata(model: bytes, metadata: bytes) -> bytes:
    """Put metadata into a model. Its own bytes follow unchanged behind a new root table that points into them.

    Args:
        model: A bare .tflite flatbuffer, as the converter wrote it.
        metadata: As metadata_table makes it.

    Returns:
        A .tflite flatbuffer. The same arguments always give the same bytes.

    Raises:
        ModelError: The model has metadata already.
    """
    root = struct.unpack_from("<I", model)[0]
    buffers = _targets(model, _field(model, root, BUFFERS))
    entries = _targets(model, _field(model, root, METADATA))
    if any(_text(model, _field(model, entry, 0)) == NAME.encode() for entry in entries):
        raise ModelError("expected a model without TFLite metadata; this one has some")
    # Places of what is new, in order: root offset and identifier, the root's vtable and table, two vectors, the entry
    # of the metadata (vtable, table, name), the buffer (vtable, table, data).
    vtable, table = 8, 28
    new_buffers = table + 4 + 4 * ROOT_FIELDS
    new_entries = new_buffers + 8 + 4 * len(buffers)
    entry = new_entries + 8 + 4 * len(entries) + 8  # its vtable of 8 bytes lies before it
    name = entry + 12
    buffer = name + 4 + 16 + 8  # likewise
    data = -(-(buffer + 8 + 4) // ALIGNMENT) * ALIGNMENT
    start = -(-(data + len(metadata)) // ALIGNMENT) * ALIGNMENT
    made = bytearray(start)

    def put(place: int, layout: str, *values: int) -> None:
        struct.pack_into(f"<{layout}", made, place, *values)

    def point(place: int, target: int) -> None:
        put(place, "I", target - place)

    point(0, table)
    made[4:8] = model[4:8]
    kept = {field: _field(model, root, field) for field in range(1, ROOT_FIELDS)}
    targets = {field: start + place for field, place in kept.items() if place} | {
        BUFFERS: new_buffers,
        METADATA: new_entries,
    }
    slots = [4 + 4 * field if field in (VERSION, *targets) else 0 for field in range(ROOT_FIELDS)]
    put(vtable, f"{2 + ROOT_FIELDS}H", 4 + 2 * ROOT_FIELDS, 4 + 4 * ROOT_FIELDS, *slots)
    put(table, "i", table - vtable)
    for field, target in targets.items():
        point(table + 4 + 4 * field, target)
    version = _slot(model, root, VERSION)
    put(table + 4, "I", struct.unpack_from("<I", model, version)[0] if version else 0)
    for place, old, new in ((new_buffers, buffers, buffer), (new_entries, entries, entry)):
        put(place, "I", len(old) + 1)
        for index, target in enumerate([*(start + each for each in old), new]):
            point(place + 4 + 4 * index, target)
    put(entry - 8, "HHHH", 8, 12, 4, 8)
    put(entry, "i", 8)
    point(entry + 4, name)
    put(entry + 8, "I", len(buffers))  # the last buffer is the metadata's
    put(name, "I", len(NAME))
    made[name + 4 : name + 4 + len(NAME)] = NAME.encode()
    put(buffer - 8, "HHH", 6, 8, 4)
    put(buffer, "i", 8)
    point(buffer + 4, data - 4)
    put(data - 4, "I", len(metadata))
    made[data : data + len(metadata)] = metadata
    return bytes(made) + model


def _slot(data: bytes, table: int, field: int) -> int:
    """Where a field of a table lies; 0 where the table does not have it."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    size, place = struct.unpack_from("<H", data, vtable)[0], 4 + 2 * field
    offset = struct.unpack_from("<H", data, vtable + place)[0] if place + 2 <= size else 0
    return table + offset if offset else 0


def _field(data: bytes, table: int, field: int) -> int:
    """Where what a field points to lies; 0 where the table does not have it."""
    slot = _slot(data, table, field)
    return slot + int(struct.unpack_from("<I", data, slot)[0]) if slot else 0


def _targets(data: bytes, vector: int) -> list[int]:
    """Where the tables of a vector lie."""
    count = struct.unpack_from("<I", data, vector)[0] if vector else 0
    places = range(vector + 4, vector + 4 + 4 * count, 4)
    return [place + struct.unpack_from("<I", data, place)[0] for place in places]


def _text(data: bytes, place: int) -> bytes:
    length = struct.unpack_from("<I", data, place)[0] if place else 0
    return data[place + 4 : place + 4 + length]
