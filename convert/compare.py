"""python -m convert.compare: all four quantizations of one Keras model, compared with it to the last picture."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from convert import parity as proof
from convert.job import Job, Prepared, prepare, probabilities_of
from convert.layers import LayerError, layer_errors
from convert.parity import Parity
from convert.quantize import QUANTIZATIONS, Converted, convert_model
from convert.report import WIDTH, plain_table, progress
from runtime.cli.parser import Parser, int_at_least, print_note, run
from runtime.errors import OptionError
from runtime.tflite.card import Decision
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import to_probabilities

EXAMPLE = "  python -m convert.compare artifacts/model.keras"
FILE = "compare.json"  # beside the model, where train.report looks for it
LAYER_IMAGES = 100


@dataclass(frozen=True)
class McNemar:
    """The exact test (McNemar 1947) on the pictures that only one of two models reads rightly. p: how likely a
    difference at least as large is where both are equally good, 0 to 1."""

    only_float: int
    only_quantized: int
    p: float


@dataclass(frozen=True)
class Compared:
    """One quantization of a model. bytes: of the bare .tflite."""

    quantization: str
    bytes: int
    parity: Parity
    test: McNemar


def main() -> int:
    """Convert four times, print the tables, write compare.json."""
    parser = Parser("python -m convert.compare", "Compare all quantizations of a Keras model with it.", EXAMPLE)
    model = Path("artifacts/model.keras")
    parser.add_argument("model", nargs="?", type=Path, default=model, help=f"(default: {model})")
    parser.add_argument("--data", type=Path, metavar="FILE.npz", help="images (default: dataset.npz beside the model)")
    parser.add_argument("--calibration-images", type=int_at_least(1), default=500, metavar="N", help="(default: 500)")
    parser.add_argument("--seed", type=int_at_least(0), default=0, metavar="N", help="of the calibration (default: 0)")
    options = parser.parse()
    job = Job(
        options.model,
        options.model.with_name("model.tflite"),
        data=options.data,
        calibration_images=options.calibration_images,
        seed=options.seed,
    )
    found, layers = compare_all(job)
    print(text_of(found, layers))
    path = options.model.with_name(FILE)
    try:
        path.write_text(json.dumps(as_json(job, found, layers), indent=1, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise OptionError(f"cannot write {path}: {error.strerror}") from None
    print_note(f"wrote {path}; its pictures come with: python -m train.report {path.parent}")
    return 0


def compare_all(job: Job) -> tuple[list[Compared], list[LayerError]]:
    """Every quantization, and the layers of int8. Raises EdgeError as a conversion does."""
    prepared = prepare(job, progress)
    found, files = [], {}
    for quantization in QUANTIZATIONS:
        calibration = prepared.calibration if quantization == "int8" else None
        with progress(f"Converting to {quantization}", 1):
            converted = convert_model(job.model, quantization, prepared.test, calibration)
        files[quantization] = converted.tflite
        found.append(_compared(quantization, converted, prepared))
    images = prepared.test[np.linspace(0, len(prepared.test) - 1, LAYER_IMAGES).astype(int)]
    return found, layer_errors(files["float32"], files["int8"], images)


def _compared(quantization: str, converted: Converted, prepared: Prepared) -> Compared:
    interpreter = Interpreter.load(converted.tflite)
    with progress(f"Running {quantization} on the test images", len(prepared.test)) as step:
        raw = proof.run_all(interpreter, prepared.test, step)
    output = proof.output_activation(converted.reference)
    reference = probabilities_of(converted.reference, output)
    rows = [to_probabilities(row, interpreter.output, Decision(output=output)) for row in raw]
    labels = prepared.draft.labels if prepared.draft else prepared.dataset.labels
    labels = labels or tuple(map(str, range(reference.shape[1])))
    truth = prepared.dataset.test.labels
    found = proof.compare(reference, np.stack(rows), truth, labels)
    test = mcnemar(reference.argmax(axis=1) == truth, np.stack(rows).argmax(axis=1) == truth)
    return Compared(quantization, len(converted.tflite), found, test)


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> McNemar:
    """first, second: (N,), which pictures each model reads rightly. Two-sided, by the binomial distribution."""
    from scipy.stats import binomtest

    one, other = int((first & ~second).sum()), int((second & ~first).sum())
    p = float(binomtest(one, one + other, 0.5).pvalue) if one + other else 1.0
    return McNemar(one, other, p)


def as_json(job: Job, found: Sequence[Compared], layers: Sequence[LayerError]) -> dict[str, Any]:
    """What compare.json says. Recalls are a class each, None where it has no test images."""
    first = found[0].parity
    return {
        "model": job.model.name,
        "n": first.n,
        "labels": [row.label for row in first.classes],
        "float_accuracy": first.float_accuracy,
        "float_recall": [row.float_accuracy for row in first.classes],
        "quantizations": [
            {
                "quantization": one.quantization,
                "bytes": one.bytes,
                "accuracy": one.parity.quantized_accuracy,
                "drop": one.parity.drop,
                "agreement": one.parity.agreement,
                "max_difference": one.parity.max_difference,
                "recall": [row.quantized_accuracy for row in one.parity.classes],
                "mcnemar": dataclasses.asdict(one.test),
                "disagreements": [dataclasses.asdict(each) for each in one.parity.disagreements],
            }
            for one in found
        ],
        "layers": [dataclasses.asdict(layer) for layer in layers],
    }


def text_of(found: Sequence[Compared], layers: Sequence[LayerError]) -> str:
    """Plain text: the figures, the recall of each class, the layers of int8."""
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, highlight=False, markup=False, emoji=False)
    first = found[0].parity
    figures = plain_table(f"Keras {first.float_accuracy:.2%} on {first.n:,} test images; as .tflite:")
    for name in ("", "bytes", "accuracy", "drop", "agreement", "only Keras right", "only .tflite", "McNemar p"):
        figures.add_column(name, justify="right" if name else "left")
    for one in found:
        parity, test = one.parity, one.test
        shares = (f"{parity.quantized_accuracy:.2%}", f"{parity.drop:.4f}", f"{parity.agreement:.2%}")
        sides = (str(test.only_float), str(test.only_quantized), f"{test.p:.3g}")
        figures.add_row(one.quantization, f"{one.bytes:,}", *shares, *sides)
    recall = plain_table("Recall")
    recall.add_column("class", max_width=24, overflow="ellipsis", no_wrap=True)
    for name in ("Keras", *(one.quantization for one in found)):
        recall.add_column(name, justify="right")
    for number, row in enumerate(first.classes):
        own = (row.float_accuracy, *(one.parity.classes[number].quantized_accuracy for one in found))
        recall.add_row(row.label, *("-" if share is None else f"{share:.2%}" for share in own))
    errors = plain_table("int8: error of each layer's output, in steps of its scale (rounding: 0.29)")
    for name in ("layer", "shape", "scale", "steps", "relative"):
        errors.add_column(name, justify="left" if name == "layer" else "right")
    for layer in layers:
        shape = " x ".join(map(str, layer.shape))
        cells = (f"{layer.scale:.4g}", f"{layer.error_in_steps:.2f}", f"{layer.relative_error:.2%}")
        errors.add_row(layer.name, shape, *cells)
    for table in (figures, recall, errors):
        console.print(table)
    file = console.file
    text = file.getvalue() if isinstance(file, io.StringIO) else ""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


if __name__ == "__main__":
    run(main)
