"""Golden vectors come back, and where they do not, each says so."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.classifier import Classifier
from runtime.tflite.card import Golden, ModelCard
from runtime.tflite.golden import KERNEL_TOLERANCE, TIMED_RUNS, median_ms, selftest
from runtime.tflite.tensors import quantize_input
from tests.runtime.helpers import ROOT, command


def altered(card: ModelCard, change: int) -> ModelCard:
    """The card, with every golden output `change` steps away from what the model gives."""
    golden = []
    for vector in card.golden:
        output = np.frombuffer(vector.output, np.int8).astype(int)[::-1] + change
        golden.append(Golden(vector.input, np.clip(output, -128, 127).astype(np.int8).tobytes()))
    return dataclasses.replace(card, golden=tuple(golden))


def test_the_shipped_model_passes(shipped: Classifier) -> None:
    report = selftest(shipped.interpreter, shipped.card)
    assert report.faults == ()
    assert report.vectors == len(shipped.card.golden) >= 4
    if report.interpreter == report.host:
        assert (report.exact, report.tolerance) == (report.vectors, 0.0)
    else:
        assert 0 < report.tolerance == KERNEL_TOLERANCE
        assert report.worst <= KERNEL_TOLERANCE


def test_golden_vectors_of_the_shipped_card_come_back(shipped: Classifier) -> None:
    assert len(shipped.card.golden) >= 4
    for golden in shipped.card.golden:
        image = np.frombuffer(golden.input, np.uint8).reshape(shipped.card.input.shape)
        raw = shipped.interpreter.run(quantize_input(image, shipped.interpreter.input))
        expected = np.frombuffer(golden.output, np.int8)
        # LiteRT made them, bit for bit; tflite-runtime's kernels round otherwise (2 % of the range).
        tolerance = 0 if shipped.interpreter.name.startswith("ai-edge-litert") else 5
        assert np.abs(raw.ravel().astype(int) - expected).max() <= tolerance


def test_other_answers_are_a_fault_each(shipped: Classifier) -> None:
    card = altered(shipped.card, 3)
    report = selftest(shipped.interpreter, card)
    assert 1 <= len(report.faults) <= report.vectors == len(card.golden)
    assert report.worst > report.tolerance
    assert all(re.match(r"golden vector \d: expected \d, received \d; ", fault) for fault in report.faults)


def test_another_interpreters_kernels_have_a_tolerance(shipped: Classifier) -> None:
    training = {**shipped.card.training, "conversion": {"interpreter": "another 1.0"}}
    report = selftest(shipped.interpreter, dataclasses.replace(shipped.card, training=training))
    assert (report.host, report.tolerance, report.faults) == ("another 1.0", KERNEL_TOLERANCE, ())


@pytest.mark.parametrize("training", [{}, {"conversion": "by hand"}, {"conversion": {}}])
def test_a_card_need_not_say_what_converted_it(shipped: Classifier, training: dict[str, object]) -> None:
    report = selftest(shipped.interpreter, dataclasses.replace(shipped.card, training=training))
    assert (report.host, report.tolerance) == ("", KERNEL_TOLERANCE)


@pytest.mark.parametrize(
    ("golden", "complaint"),
    [
        ((), "no golden vectors, so nothing can be proven"),
        ((Golden(b"short", bytes(10)),), "is not of 784 and 10 bytes"),
        ((Golden(bytes(784), b"short"),), "is not of 784 and 10 bytes"),
    ],
)
def test_vectors_that_cannot_be_replayed_are_one_fault(
    shipped: Classifier, golden: tuple[Golden, ...], complaint: str
) -> None:
    report = selftest(shipped.interpreter, dataclasses.replace(shipped.card, golden=golden))
    (fault,) = report.faults
    assert complaint in fault
    assert (report.vectors, report.exact) == (0, 0)


def test_each_vector_is_run_once_and_time_is_measured_apart(
    shipped: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shipped.interpreter.run
    runs = 0

    def counted(tensor: NDArray[Any]) -> NDArray[Any]:
        nonlocal runs
        runs += 1
        return run(tensor)

    monkeypatch.setattr(shipped.interpreter, "run", counted)
    selftest(shipped.interpreter, shipped.card)
    assert runs == len(shipped.card.golden)
    assert median_ms(shipped.interpreter, shipped.card) > 0
    assert runs == len(shipped.card.golden) + TIMED_RUNS


def test_a_model_that_an_older_interpreter_runs_wrongly_without_a_word() -> None:
    """A tiny network with dynamic-range weights by ai-edge-quantizer 0.10; its golden outputs are LiteRT 2.3's.

    tflite-runtime 2.14 loads it, runs it, and answers the same for every picture.
    """
    model = ROOT / "tests/runtime/data/newer_quantizer.tflite"
    loaded = Classifier.load(model)
    report = selftest(loaded.interpreter, loaded.card)
    assert report.vectors == 3
    done = command("runtime.camera", "fake://digits", "--count", "1", "-m", str(model))
    if report.interpreter.startswith("tflite-runtime"):
        assert len(report.faults) == 3
        assert done.returncode == 1
        assert done.stderr.startswith("error: self-test failed, nothing is classified: golden vector 0")
    else:
        assert report.faults == ()
        assert done.returncode == 0
