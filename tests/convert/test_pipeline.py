"""The pipeline from inputs to file and report, without the command around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convert.job import Job, Prepared, prepare
from convert.parity import Limits
from convert.pipeline import reference_probabilities, run_job, tflite_probabilities
from runtime.tflite.card_file import split_card
from runtime.tflite.interpreter import Interpreter
from tests.convert.conftest import Progress


def _job(artifacts: Path, quantization: str = "float32", **options: object) -> Job:
    return Job(artifacts / "model.keras", artifacts / "m.tflite", quantization, calibration_images=50, **options)  # type: ignore[arg-type]


@pytest.fixture
def prepared(artifacts: Path, child_here: None) -> Prepared:
    return prepare(_job(artifacts), Progress())


def test_a_job_writes_nothing_and_its_report_agrees_with_the_card(artifacts: Path, prepared: Prepared) -> None:
    before = sorted(artifacts.iterdir())
    job, progress = _job(artifacts), Progress()
    outcome = run_job(job, prepared, progress)
    assert sorted(artifacts.iterdir()) == before
    _, card = split_card(outcome.tflite)
    assert card is not None
    assert (card.name, card.quantization, card.labels) == ("model", "float32", tuple("0123456789"))
    assert len({picture.label for picture in card.golden_pictures}) == 3
    assert outcome.violations == ()
    assert outcome.report["passed"] is True
    assert outcome.report["model_sha256"] == card.sha256
    assert outcome.report["agreement"] == outcome.parity.agreement == 1.0
    assert outcome.report["temperature"]["value"] == card.decision.temperature
    assert outcome.report["temperature"]["test_calibration_error_before"] > 0
    assert progress.bars == [
        ("Running the .tflite on the test images", 500, 500),
        ("Running the .tflite on the validation images", 500, 500),
    ]


def test_a_missed_limit_is_in_the_outcome_and_raises_nothing(artifacts: Path, prepared: Prepared) -> None:
    job = _job(artifacts, limits=Limits(max_accuracy_drop=-0.5, min_agreement=1.0))
    outcome = run_job(job, prepared, Progress())
    assert len(outcome.violations) == 1
    assert outcome.report["passed"] is False
    assert outcome.report["missed"] == list(outcome.violations)
    assert outcome.report["limits"] == {"max_accuracy_drop": -0.5, "min_agreement": 1.0}


def test_labels_of_a_file_go_before_the_datas(tmp_path: Path, artifacts: Path, prepared: Prepared) -> None:
    (tmp_path / "labels.txt").write_text("\n".join("abcdefghij"))
    outcome = run_job(_job(artifacts, labels=tmp_path / "labels.txt"), prepared, Progress())
    assert outcome.parity.classes[2].label == "c"


def test_logits_become_probabilities_and_probabilities_stay() -> None:
    logits = np.log(np.array([[1, 3], [1, 1]], np.float32))
    np.testing.assert_allclose(reference_probabilities(logits, "logits"), [[0.25, 0.75], [0.5, 0.5]], atol=1e-6)
    assert reference_probabilities(logits, "probabilities") is logits
    assert reference_probabilities(logits, "logits").dtype == np.float32


def test_the_tflites_probabilities_are_the_devices(bare_model: bytes) -> None:
    interpreter = Interpreter.load(bare_model)
    raw = np.array([[-128] * 9 + [127], [0] * 10], np.int8)
    found = tflite_probabilities(raw, interpreter, "logits")
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(found[1], 0.1, atol=1e-6)
    assert found[0].argmax() == 9
