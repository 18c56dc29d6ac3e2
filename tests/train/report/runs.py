"""What the tests of the report share: class names, and the files of a conversion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras

from runtime.tflite.card import InputSpec, ModelCard
from runtime.tflite.card_file import attach_card

LABELS = ("upright <b>&</b>", "flat", "a class that nobody has ever drawn, at length")


def model_of(folder: Path) -> Any:
    return keras.models.load_model(folder / "model.keras", compile=False)


def converted(folder: Path) -> None:
    """As python -m convert and convert.compare leave it, with one disagreement."""
    parity = {
        "quantization": "int8",
        "passed": False,
        "missed": ["accuracy drops by 0.01 & more"],
        "limits": {"max_accuracy_drop": 0.002, "min_agreement": 0.998},
        "float_accuracy": 0.91,
        "quantized_accuracy": 0.9,
        "drop": 0.01,
        "agreement": 0.99,
        "max_difference": 0.2,
        "temperature": {
            "value": 1.625,
            "validation_images": 600,
            "test_calibration_error_before": 0.0314,
            "test_calibration_error_after": 0.0159,
        },
    }
    one = {"index": 7, "truth": "flat", "float_label": "flat", "float_score": 0.51}
    row = {
        "quantization": "int8",
        "bytes": 12345,
        "accuracy": 0.9,
        "drop": 0.01,
        "agreement": 0.99,
        "recall": [0.8765, 0.9, None],
        "mcnemar": {"only_float": 8, "only_quantized": 1, "p": 0.0390625},
        "disagreements": [{**one, "quantized_label": LABELS[0], "quantized_score": 0.6}],
    }
    layer = {"name": "dense_1", "shape": [64], "scale": 0.02, "error_in_steps": 0.29, "relative_error": 0.0123}
    compare = {"float_recall": [0.9, 0.9, None], "quantizations": [row], "layers": [layer]}
    (folder / "parity.json").write_text(json.dumps(parity))
    (folder / "compare.json").write_text(json.dumps(compare))
    card = ModelCard("bars", "0.1.0", LABELS, InputSpec(), training={"conversion": {"note": "of the tflite"}})
    (folder / "model.tflite").write_bytes(attach_card(b"\0\0\0\0TFL3" + bytes(64), card))
