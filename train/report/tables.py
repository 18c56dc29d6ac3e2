"""The tables of the report: rows of text from what a run left. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from train.report.material import Json, ReportData

Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        head: Names of the columns.
        rows: Cells, as many a row as there are columns.
    """

    head: Row
    rows: Sequence[Row]


def summary(data: ReportData) -> Table:
    """What was trained, on what, with what result.

    Args:
        data: Data of the run.

    Returns:
        Names and values.
    """
    training, answers = data.card.training, data.probabilities.argmax(axis=1)
    wrong = int((answers != data.labels_test).sum())
    rows = [
        ("dataset", training.get("dataset", "")),
        ("images", f"{len(data.labels_train):,} to learn from, {len(data.labels_test):,} to test"),
        ("classes", len(data.card.labels)),
        ("epochs", f"{len(data.history)}, kept: {training.get('best_epoch', len(data.history))}"),
        ("training took", f"{sum(row.seconds for row in data.history):,.0f} s"),
        ("seed", training.get("seed", "")),
        ("accuracy on the test images", f"{_percent(1 - wrong / len(data.labels_test))} ({wrong:,} wrong)"),
        ("command", training.get("command", "")),
    ]
    return _values(rows)


def per_class(data: ReportData) -> Table:
    """Precision, recall and F1 of each class, by scikit-learn.

    Args:
        data: Data of the run.

    Returns:
        A row a class.
    """
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(
        data.labels_test,
        data.probabilities.argmax(axis=1),
        labels=np.arange(len(data.card.labels)),
        zero_division=0.0,
    )
    rows = [
        (label, str(int(n)), *(_percent(value) for value in values))
        for label, *values, n in zip(data.card.labels, *columns, strict=True)
    ]
    return Table(("class", "test images", "precision", "recall", "F1"), rows)


def parity(found: Json) -> Table:
    """How the .tflite compares with the Keras model.

    Args:
        found: The content of parity.json.

    Returns:
        Names and values.
    """
    fitted = found["temperature"]
    errors = ", ".join(_percent(fitted[f"test_calibration_error_{when}"]) for when in ("before", "after"))
    rows = [
        ("quantization", found["quantization"]),
        ("Keras accuracy", _percent(found["float_accuracy"])),
        (".tflite accuracy", _percent(found["quantized_accuracy"])),
        ("drop, limit", f"{found['drop']:.4f}, at most {found['limits']['max_accuracy_drop']:g}"),
        ("agreement, limit", f"{found['agreement']:.4f}, at least {found['limits']['min_agreement']:g}"),
        ("largest difference of a probability", f"{found['max_difference']:.4f}"),
        ("temperature", fitted["value"]),
        ("calibration error before, after", errors),
        ("verdict", "passed" if found["passed"] else "; ".join(found["missed"])),
    ]
    return _values(rows)


def quantizations(found: Json) -> Table:
    """The quantizations beside each other.

    Args:
        found: The content of compare.json.

    Returns:
        A row a quantization.
    """
    head = (
        "quantization",
        "bytes",
        "accuracy",
        "drop, points",
        "agreement",
        "right alone, Keras : .tflite",
        "McNemar p",
    )
    rows = [
        (
            row["quantization"],
            f"{row['bytes']:,}",
            _percent(row["accuracy"]),
            f"{row['drop'] * 100:.2f}",
            _percent(row["agreement"]),
            f"{row['mcnemar']['only_float']} : {row['mcnemar']['only_quantized']}",
            f"{row['mcnemar']['p']:.3g}",
        )
        for row in found["quantizations"]
    ]
    return Table(head, rows)


def recalls(found: Json, labels: Sequence[str]) -> Table:
    """The recall of each class, by quantization.

    Args:
        found: The content of compare.json.
        labels: Class names by index.

    Returns:
        A row a class.
    """
    compared = found["quantizations"]
    rows = [
        (label, _percent(found["float_recall"][index]), *(_percent(row["recall"][index]) for row in compared))
        for index, label in enumerate(labels)
    ]
    return Table(("class", "Keras", *(row["quantization"] for row in compared)), rows)


def layer_errors(layers: Sequence[Mapping[str, Any]]) -> Table:
    """The quantization error of each layer.

    Args:
        layers: `layers` of compare.json.

    Returns:
        A row a layer.
    """
    rows = [
        (layer["name"], f"{layer['scale']:.4g}", f"{layer['error_in_steps']:.2f}", f"{layer['relative_error']:.2%}")
        for layer in layers
    ]
    return Table(("layer's output", "scale", "root mean square error, steps", "relative"), rows)


def _values(rows: Sequence[tuple[str, object]]) -> Table:
    return Table(("", ""), [(name, str(value)) for name, value in rows])


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"
