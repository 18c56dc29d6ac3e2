"""python -m convert.compare: all quantizations of one Keras model, compared with it on every test image."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convert import parity as proof
from convert.converter import Conversion, Request, convert_model
from convert.job import Job, Prepared, prepare
from convert.layers import LayerError, layer_errors
from convert.parity import Parity
from convert.pipeline import reference_probabilities, tflite_probabilities
from convert.quantize import DEFAULT, EXACT, QUANTIZATIONS
from runtime.cli.parser import Parser, int_at_least, print_note, run
from runtime.tflite.interpreter import Interpreter
from workbench.dataset import Split
from workbench.files import write_text
from workbench.metrics import McNemar, mcnemar
from workbench.progress import bar
from workbench.run_folder import COMPARE_FILE, MODEL_FILE, TFLITE_FILE
from workbench.tables import plain_table, render

if TYPE_CHECKING:
    from rich.table import Table

EXAMPLE = "  python -m convert.compare artifacts/model.keras"
LAYER_IMAGES = 100
ROUNDING_ERROR = 0.29  # steps, root mean square: 1/sqrt 12


@dataclass(frozen=True)
class ComparedQuantization:
    """One quantization of a model.

    Attributes:
        quantization: Its name.
        bytes: The size of the bare .tflite.
        parity: The .tflite against the Keras model.
        test: Whether one of the two is better; the Keras model is the first.
    """

    quantization: str
    bytes: int
    parity: Parity
    test: McNemar


def main() -> int:
    """Convert to every quantization, print the tables, write compare.json.

    Returns:
        The exit status.
    """
    parser = Parser("python -m convert.compare", "Compare all quantizations of a Keras model with it.", EXAMPLE)
    model = Path("artifacts") / MODEL_FILE
    parser.add_argument("model", nargs="?", type=Path, default=model, help=f"(default: {model})")
    parser.add_argument("--data", type=Path, metavar="FILE.npz", help="images (default: dataset.npz beside the model)")
    parser.add_argument("--calibration-images", type=int_at_least(1), default=500, metavar="N", help="(default: 500)")
    parser.add_argument("--seed", type=int_at_least(0), default=0, metavar="N", help="of the calibration (default: 0)")
    options = parser.parse()
    job = Job(
        options.model,
        options.model.with_name(TFLITE_FILE),
        data=options.data,
        calibration_images=options.calibration_images,
        seed=options.seed,
    )
    compared, layers = compare_all(job)
    print(comparison_text(compared, layers))
    path = options.model.with_name(COMPARE_FILE)
    write_text(path, json.dumps(as_json(job, compared, layers), indent=1, ensure_ascii=False) + "\n")
    print_note(f"wrote {path}; its pictures come with: python -m train.report {path.parent}")
    return 0


def compare_all(job: Job) -> tuple[list[ComparedQuantization], list[LayerError]]:
    """Convert a model to every quantization.

    Args:
        job: The options; those of a single conversion's output are not used.

    Returns:
        A row a quantization, and the errors of the layers of int8.

    Raises:
        EdgeError: As a conversion does.
    """
    prepared = prepare(job, bar)
    compared, files = [], {}
    test = Split(prepared.test, prepared.dataset.test.labels)
    for row in QUANTIZATIONS.values():
        calibration = prepared.calibration if row.needs_calibration else None
        with bar(f"Converting to {row.name}", 1):
            conversion = convert_model(Request(job.model, row.name), test, calibration)
        files[row.name] = conversion.tflite
        compared.append(_compared(row.name, conversion, prepared))
    images = prepared.test[np.linspace(0, len(prepared.test) - 1, LAYER_IMAGES).astype(int)]
    return compared, layer_errors(files[EXACT], files[DEFAULT], images)


def _compared(quantization: str, conversion: Conversion, prepared: Prepared) -> ComparedQuantization:
    interpreter = Interpreter.load(conversion.tflite)
    with bar(f"Running {quantization} on the test images", len(prepared.test)) as advance:
        raw = proof.run_all(interpreter, prepared.test, advance)
    output = proof.output_activation(conversion.outputs, conversion.output)
    reference = reference_probabilities(conversion.outputs, output)
    quantized = tflite_probabilities(raw, interpreter, output)
    labels = prepared.draft.labels if prepared.draft else prepared.dataset.labels
    labels = labels or tuple(map(str, range(reference.shape[1])))
    truth = prepared.dataset.test.labels
    parity = proof.compare(reference, quantized, truth, labels)
    test = mcnemar(reference.argmax(axis=1) == truth, quantized.argmax(axis=1) == truth)
    return ComparedQuantization(quantization, len(conversion.tflite), parity, test)


def as_json(job: Job, compared: Sequence[ComparedQuantization], layers: Sequence[LayerError]) -> dict[str, Any]:
    """Make the content of compare.json.

    Args:
        job: The options.
        compared: A row a quantization.
        layers: The errors of the layers of int8.

    Returns:
        The values of the file. Recalls are a class each, None where it has no test images.
    """
    first = compared[0].parity
    return {
        "model": job.model.name,
        "n": first.n,
        "labels": [row.label for row in first.classes],
        "float_accuracy": first.float_accuracy,
        "float_recall": [row.float_accuracy for row in first.classes],
        "quantizations": [_row_as_json(row) for row in compared],
        "layers": [dataclasses.asdict(layer) for layer in layers],
    }


def _row_as_json(row: ComparedQuantization) -> dict[str, Any]:
    test = {"only_float": row.test.only_first, "only_quantized": row.test.only_second, "p": row.test.p}
    return {
        "quantization": row.quantization,
        "bytes": row.bytes,
        "accuracy": row.parity.quantized_accuracy,
        "drop": row.parity.drop,
        "agreement": row.parity.agreement,
        "max_difference": row.parity.max_difference,
        "recall": [each.quantized_accuracy for each in row.parity.classes],
        "mcnemar": test,
        "disagreements": [dataclasses.asdict(each) for each in row.parity.disagreements],
    }


def comparison_text(compared: Sequence[ComparedQuantization], layers: Sequence[LayerError]) -> str:
    """Describe a comparison in plain text.

    Args:
        compared: A row a quantization.
        layers: The errors of the layers of int8.

    Returns:
        The figures, the recall of each class, the layers of int8.
    """
    return render([_figures(compared), _recall(compared), _layers(layers)])


def _figures(compared: Sequence[ComparedQuantization]) -> Table:
    first = compared[0].parity
    table = plain_table(f"Keras {first.float_accuracy:.2%} on {first.n:,} test images; as .tflite:")
    for name in ("", "bytes", "accuracy", "drop", "agreement", "only Keras right", "only .tflite", "McNemar p"):
        table.add_column(name, justify="right" if name else "left")
    for row in compared:
        parity, test = row.parity, row.test
        fractions = (f"{parity.quantized_accuracy:.2%}", f"{parity.drop:.4f}", f"{parity.agreement:.2%}")
        sides = (str(test.only_first), str(test.only_second), f"{test.p:.3g}")
        table.add_row(row.quantization, f"{row.bytes:,}", *fractions, *sides)
    return table


def _recall(compared: Sequence[ComparedQuantization]) -> Table:
    table = plain_table("Recall")
    table.add_column("class", max_width=24, overflow="ellipsis", no_wrap=True)
    for name in ("Keras", *(row.quantization for row in compared)):
        table.add_column(name, justify="right")
    for number, each in enumerate(compared[0].parity.classes):
        recalls = (each.float_accuracy, *(row.parity.classes[number].quantized_accuracy for row in compared))
        table.add_row(each.label, *("-" if recall is None else f"{recall:.2%}" for recall in recalls))
    return table


def _layers(layers: Sequence[LayerError]) -> Table:
    table = plain_table(f"{DEFAULT}: error of each layer's output, in steps of its scale (rounding: {ROUNDING_ERROR})")
    for name in ("layer", "shape", "scale", "steps", "relative"):
        table.add_column(name, justify="left" if name == "layer" else "right")
    for layer in layers:
        shape = " x ".join(map(str, layer.shape))
        table.add_row(
            layer.name,
            shape,
            f"{layer.scale:.4g}",
            f"{layer.error_in_steps:.2f}",
            f"{layer.relative_error:.2%}",
        )
    return table


if __name__ == "__main__":
    run(main)
