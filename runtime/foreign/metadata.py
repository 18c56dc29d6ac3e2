"""What a file says of itself in words: TFLite metadata, and that of Ultralytics' exporter.

TFLite metadata is a FlatBuffers table in the model's metadata buffer "TFLITE_METADATA"; the files it names are in a zip
after the model. The layout is that of the public schema (tflite-support, metadata_schema.fbs, identifier "M001").
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.foreign.graph import Graph
from runtime.tflite import container
from runtime.tflite.label_forms import parse_labels
from runtime.tflite.tables import Damaged, Table, root

METADATA = "TFLITE_METADATA"
ULTRALYTICS = ("temp_meta.txt", "metadata.json")  # as exporters of different years name it
AXIS_LABELS = 2  # AssociatedFileType
NORMALIZATION, SCORE_THRESHOLD = 1, 3  # ProcessUnitOptions
MAX_FILE = 16 * 2**20  # bytes of a file in the zip, unpacked; the labels of ImageNet's 21,841 classes have 0.5 MB
LONGEST_TEXT = 200  # characters of a name, author or license


@dataclass(frozen=True)
class Metadata:
    """What a file says of itself. A field that it does not say is empty.

    Attributes:
        name: Name of the model.
        author: Who made it.
        license: Under which it may be used.
        normalization: (means, standard deviations) of the input, one or one for each channel.
        labels: Names of the classes, by the index of the output they belong to.
        labels_from: Which file or field of the metadata they are of, by output.
        threshold: Best scores below it are to be left out.
        task: Of Ultralytics' exporter, such as "classify" or "detect".
        problem: What of it cannot be read; "" where all can.
    """

    name: str = ""
    author: str = ""
    license: str = ""
    normalization: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    labels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    labels_from: Mapping[int, str] = field(default_factory=dict)
    threshold: float | None = None
    task: str = ""
    problem: str = ""


def read_metadata(data: bytes, graph: Graph, language: str = "") -> Metadata:
    """Read all metadata of a file.

    Args:
        data: The whole .tflite file, with the zip that may follow the model.
        graph: Of its model.
        language: Whose labels to take where there are several, such as "de"; else "en", else those of no language.

    Returns:
        What it says. Metadata that is damaged says nothing, and `problem` says so: the model may be sound.
    """
    try:
        own = _ultralytics(data)
        if own is not None:
            return own
        packed = graph.metadata.get(METADATA, b"")
        return _tflite(data, root(packed), language) if packed else Metadata()
    except (*Damaged, zlib.error) as error:
        return Metadata(problem=f"its metadata cannot be read ({_short(error)})")


def language_of(environment: Mapping[str, str]) -> str:
    """The language that a person's settings ask for.

    Args:
        environment: Such as os.environ.

    Returns:
        Such as "de"; "" where they ask for none.

    Example:
        >>> language_of({"LANG": "de_DE.UTF-8"})
        'de'
    """
    said = next((environment[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(key)), "")
    language = said.partition(".")[0].partition("_")[0].lower()
    return "" if language in ("c", "posix") else language


def _ultralytics(data: bytes) -> Metadata | None:
    for entry in ULTRALYTICS:
        content = container.find(data, (entry,), MAX_FILE)[1].get(entry)
        if content is not None:
            return _of_ultralytics(content.decode("utf-8"), entry)
    return None


def _of_ultralytics(text: str, entry: str) -> Metadata | None:
    """What its dictionary says, which is JSON or as Python writes it; None where it is no such dictionary."""
    import ast
    import json

    try:
        said: Any = json.loads(text)
    except ValueError:
        try:
            said = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError):
            return None
    if not isinstance(said, dict) or not {"task", "names"} & set(said):
        return None
    labels = parse_labels(json.dumps(said["names"])) if said.get("names") else ()
    return Metadata(
        name=_short(said.get("description")),
        author=_short(said.get("author")),
        license=_short(said.get("license")),
        labels={0: labels} if labels else {},
        labels_from={0: f"names in its {entry}"} if labels else {},
        task=str(said.get("task", "detect")),
    )


def _short(value: object) -> str:
    return " ".join(str(value or "").split())[:LONGEST_TEXT]


def _tflite(data: bytes, said: Table, language: str) -> Metadata:
    graph = next(iter(said.tables(3)), None)
    inputs = graph.tables(2) if graph else []
    outputs = graph.tables(3) if graph else []
    found = {number: _labels(data, output, language) for number, output in enumerate(outputs)}
    problems = [one for one in found.values() if isinstance(one, str)]
    return Metadata(
        name=_short(said.words(0)),
        author=_short(said.words(4)),
        license=_short(said.words(5)),
        normalization=_normalization(inputs[0]) if len(inputs) == 1 else None,
        labels={number: one[1] for number, one in found.items() if isinstance(one, tuple)},
        labels_from={number: f"its {one[0]}" for number, one in found.items() if isinstance(one, tuple)},
        threshold=next((value for value in map(_threshold, outputs) if value), None),
        problem=next(iter(problems), ""),
    )


def _units(tensor: Table, kind: int) -> list[Table]:
    """The options of those process units of a tensor that are of a kind."""
    units = [unit.table(1) for unit in tensor.tables(4) if unit.scalar(0, "B") == kind]
    return [unit for unit in units if unit is not None]


def _normalization(tensor: Table) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    for options in _units(tensor, NORMALIZATION):
        mean, std = (options.numbers(number, "f") for number in (0, 1))
        if mean and std:
            return _exact(mean), _exact(std)
    return None


def _exact(values: tuple[float, ...]) -> tuple[float, ...]:
    """The shortest decimal numbers that float32 stores as these: 123.675, not 123.67500305175781."""
    import numpy as np

    return tuple(float(str(np.float32(value))) for value in values)


def _threshold(tensor: Table) -> float | None:
    return next((round(unit.scalar(0, "f"), 6) for unit in _units(tensor, SCORE_THRESHOLD)), None)


def _labels(data: bytes, tensor: Table, language: str) -> tuple[str, tuple[str, ...]] | str | None:
    """(name of the file, labels) of an output, in the language that is wanted most; or why they cannot be read."""
    files = [(file.words(3).lower(), file.words(0)) for file in tensor.tables(6) if file.scalar(2, "b") == AXIS_LABELS]
    if not files:
        return None
    wanted = [*([language] if language else []), "en", ""]
    files.sort(key=lambda file: wanted.index(file[0]) if file[0] in wanted else len(wanted))
    name = files[0][1]
    try:
        content = container.find(data, (name,), MAX_FILE)[1].get(name)
        if content is None:
            return f"its metadata names the labels {_short(name)}, which are not in the file"
        return name, parse_labels(content.decode("utf-8-sig", errors="replace"))
    except (*Damaged, zlib.error) as error:
        return f"its labels {_short(name)} cannot be read ({_short(error)})"
