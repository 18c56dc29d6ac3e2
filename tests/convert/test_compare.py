"""All quantizations beside each other: real conversions, and McNemar's test by known values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from convert.compare import ComparedQuantization, as_json, compare_all, comparison_text
from convert.job import Job
from convert.layers import LayerError
from convert.quantize import QUANTIZATIONS
from tests.convert.conftest import work_here
from workbench.tables import WIDTH

Found = tuple[list[ComparedQuantization], list[LayerError]]


@pytest.fixture(scope="module")
def found(artifacts: Path) -> Found:
    """All four, converted in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("convert.converter.run_child", work_here)
        return compare_all(Job(artifacts / "model.keras", artifacts / "model.tflite", calibration_images=100))


def test_float32_is_the_keras_model_and_int8_nearly(found: Found) -> None:
    compared = {row.quantization: row for row in found[0]}
    assert list(compared) == list(QUANTIZATIONS)
    int8, float32 = compared["int8"], compared["float32"]
    assert float32.parity.agreement == 1.0
    assert float32.parity.max_difference < 1e-4
    assert (float32.test.only_first, float32.test.only_second, float32.test.p) == (0, 0, 1.0)
    assert int8.parity.float_accuracy == float32.parity.float_accuracy > 0.8
    assert 0.95 < int8.parity.agreement <= 1.0
    assert int8.parity.max_difference > 1e-4
    assert int8.bytes < float32.bytes / 2
    only = int8.test.only_first - int8.test.only_second
    assert only == round(int8.parity.drop * int8.parity.n)


def test_every_layer_has_an_error_of_about_a_rounding(found: Found) -> None:
    layers = {layer.name: layer for layer in found[1]}
    (hidden,) = (layer for layer in layers.values() if layer.shape == (24,))
    output = found[1][-1]
    assert (output.name, output.shape, output.scale) == ("output", (10,), 1 / 256)
    # The pixels are whole numbers that int8 holds exactly; what is computed from them is rounded.
    exact = [layer for name, layer in layers.items() if "flatten" in name or "rescaling" in name]
    assert exact
    assert all(layer.error_in_steps < 0.01 for layer in exact)
    assert 0.1 < hidden.error_in_steps < 1.5
    assert 0.001 < hidden.relative_error < 0.1
    assert output.relative_error < 0.1


def test_the_json_has_what_the_report_reads(found: Found, artifacts: Path) -> None:
    values = json.loads(json.dumps(as_json(Job(artifacts / "model.keras", artifacts / "m.tflite"), *found)))
    assert [row["quantization"] for row in values["quantizations"]] == list(QUANTIZATIONS)
    first = values["quantizations"][0]
    assert len(first["recall"]) == len(values["float_recall"]) == len(values["labels"]) == 10
    assert first["mcnemar"]["p"] <= 1
    assert len(first["disagreements"]) == round((1 - first["agreement"]) * values["n"])
    assert {"name", "shape", "scale", "error_in_steps", "relative_error"} == set(values["layers"][0])
    assert values["n"] == 500


def test_the_table_says_the_same(found: Found) -> None:
    rows = [line.split() for line in comparison_text(*found).splitlines()]
    for one in found[0]:
        parity, test = one.parity, one.test
        figures = [
            f"{one.bytes:,}",
            f"{parity.quantized_accuracy:.2%}",
            f"{parity.drop:.4f}",
            f"{parity.agreement:.2%}",
        ]
        assert [one.quantization, *figures, str(test.only_first), str(test.only_second), f"{test.p:.3g}"] in rows
    recalls: Sequence[float | None] = [
        found[0][0].parity.classes[3].float_accuracy,
        *(one.parity.classes[3].quantized_accuracy for one in found[0]),
    ]
    assert ["3", *(f"{share:.2%}" for share in recalls if share is not None)] in rows
    assert rows[-1][0] == "output"
    assert max(map(len, comparison_text(*found).splitlines())) <= WIDTH
