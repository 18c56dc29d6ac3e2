"""The labels of a model without a card: given, in its metadata, or in a file beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.foreign.given import Given
from runtime.foreign.metadata import Metadata
from runtime.foreign.refusals import plain
from runtime.native import read_regular_file
from runtime.tflite.labels import MAX_BYTES, decode_labels


@dataclass(frozen=True)
class Labels:
    """Names of classes, and where they are from.

    Attributes:
        names: By index.
        by: Where from, for a person, such as "labels.txt beside it"; "" where they are numbers.
        problem: What was found and not taken; "" where nothing was.
    """

    names: tuple[str, ...]
    by: str = ""
    problem: str = ""


def choose_labels(path: Path, metadata: Metadata, given: Given, output: int, classes: int) -> Labels:
    """Take the labels that are there: those given, of the metadata, of a file beside the model, else numbers.

    Args:
        path: Of the model.
        metadata: Of its file.
        given: What the caller says. Its labels are taken whatever their number.
        output: Index of the output that they are for.
        classes: Number of its classes.

    Returns:
        The labels. Those of the metadata or of a file beside it that do not agree in number are named as a problem.
    """
    if given.labels is not None:
        return Labels(given.labels, given.labels_from)
    problem = metadata.problem
    inside = metadata.labels.get(output, ())
    if inside:
        by = metadata.labels_from[output]
        if len(inside) == classes:
            return Labels(inside, by, problem)
        problem = f"{plain(by)} has {len(inside)} labels for {classes} classes and is not used"
    for beside in labels_beside(path):
        if len(beside.names) == classes:
            return beside
        if beside.names or beside.problem:
            count = f"has {len(beside.names)} labels for {classes} classes"
            problem = problem or f"{beside.by} {beside.problem or count} and is not used"
    return Labels(tuple(str(index) for index in range(classes)), "", problem)


def labels_beside(path: Path) -> Sequence[Labels]:
    """Find labels files beside a model, the one with the model's own name first.

    Args:
        path: Of the model.

    Returns:
        What each holds; without names where it cannot be read as labels.
    """
    names = (f"{path.stem}.labels.txt", f"{path.stem}.txt", "labels.txt", "labelmap.txt")
    return [found for name in names if (found := _labels_of(path.parent / name)) is not None]


def _labels_of(path: Path) -> Labels | None:
    by = f"{plain(path.name)} beside it"
    try:
        found = decode_labels(read_regular_file(path, MAX_BYTES))
    except FileNotFoundError:
        return None
    except OSError as error:
        return Labels((), by, f"cannot be read ({error.strerror})")
    except ValueError as error:
        return Labels((), by, f"cannot be read ({plain(str(error), 80)})")
    return Labels(found.labels, f"{by}, {found.note}" if found.note else by)
