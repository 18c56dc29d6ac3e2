"""The inputs of a conversion: which are read, and how they are prepared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convert.job import Job, prepare
from runtime.errors import OptionError
from tests.convert.conftest import Progress
from workbench.dataset import Dataset


def _job(artifacts: Path, quantization: str = "float32", **options: object) -> Job:
    return Job(artifacts / "model.keras", artifacts / "m.tflite", quantization, calibration_images=50, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("quantization", "calibrated"), [("int8", True), ("dynamic", False)])
def test_only_what_needs_a_calibration_gets_one(quantization: str, calibrated: bool, artifacts: Path) -> None:
    prepared = prepare(_job(artifacts, quantization), Progress())
    assert (prepared.calibration is not None) is calibrated
    if prepared.calibration is not None:
        assert 50 <= len(prepared.calibration.images) <= 52


def test_the_inputs_are_those_of_the_data(artifacts: Path, digits: Dataset) -> None:
    prepared = prepare(_job(artifacts), Progress())
    assert prepared.draft is None
    assert prepared.spec == digits.spec
    np.testing.assert_array_equal(prepared.test, digits.test.images)
    assert prepared.validation.shape == (500, 28, 28, 1)
    assert len(prepared.hard) == len(prepared.negatives) == 0
    assert prepared.negatives.shape[1:] == (28, 28, 1)


def test_few_validation_images_fit_no_temperature(
    tmp_path: Path, artifacts: Path, digits: Dataset, save_npz: Callable[..., Path]
) -> None:
    assert digits.validation is not None
    few = {"x_val": digits.validation.images[:499], "y_val": digits.validation.labels[:499]}
    path = save_npz(tmp_path / "few.npz")
    with np.load(path) as arrays:
        np.savez(path, **{**arrays, **few})
    assert len(prepare(_job(artifacts, data=path), Progress()).validation) == 0


def test_without_data_the_job_says_where_it_looked(tmp_path: Path, artifacts: Path) -> None:
    (tmp_path / "model.keras").write_bytes((artifacts / "model.keras").read_bytes())
    with pytest.raises(OptionError, match=rf"expected test images in {tmp_path}/dataset\.npz; .*--data FILE\.npz"):
        prepare(_job(tmp_path), Progress())


def test_a_quantization_that_is_not_there_is_told_before_tensorflow_starts(
    artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convert.converter.run_child", lambda folder: pytest.fail("TensorFlow was started"))
    with pytest.raises(OptionError, match=r"expected one of int8, .* received 'int4'"):
        prepare(_job(artifacts, "int4"), Progress())
