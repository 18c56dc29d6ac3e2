"""The device proves that it computes what the host computed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from runtime.classifier import Classifier
from runtime.tflite.card import Golden, ModelCard, attach_card
from runtime.tflite.golden import KERNEL_TOLERANCE, selftest
from tests.runtime.helpers import command


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


def test_the_command_says_what_it_compared() -> None:
    done = command("runtime.selftest")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "model",
        "interpreter",
        "golden",
        "time",
        "result",
    ]
    assert done.stdout.endswith("passed\n")


def test_other_answers_fail_it_with_a_line_each(bare_model: bytes, shipped_card: ModelCard, tmp_path: Path) -> None:
    model = tmp_path / "other.tflite"
    model.write_bytes(attach_card(bare_model, altered(shipped_card, 3)))
    done = command("runtime.selftest", "-m", str(model))
    assert done.returncode == 1
    assert done.stdout.endswith("FAILED\n")
    lines = done.stderr.splitlines()
    assert 1 <= len(lines) <= len(shipped_card.golden)
    assert all(line.startswith("error: golden vector ") and "update it, or convert" in line for line in lines)


def test_a_model_without_a_card_proves_nothing(bare_model: bytes, tmp_path: Path) -> None:
    model = tmp_path / "bare.tflite"
    model.write_bytes(bare_model)
    done = command("runtime.selftest", "-m", str(model))
    assert done.returncode == 1
    assert "no golden vectors" in done.stderr


def test_damaged_vectors_are_a_fault_and_no_crash(bare_model: bytes, shipped_card: ModelCard, tmp_path: Path) -> None:
    model = tmp_path / "damaged.tflite"
    card = dataclasses.replace(shipped_card, golden=(Golden(b"short", b"x"),))
    model.write_bytes(attach_card(bare_model, card))
    done = command("runtime.selftest", "-m", str(model))
    assert done.returncode == 1
    assert "is not of 784 and 10 bytes" in done.stderr


def test_a_model_that_an_older_interpreter_runs_wrongly_without_a_word() -> None:
    """A tiny network with dynamic-range weights by ai-edge-quantizer 0.10; its golden outputs are LiteRT 2.3's.

    tflite-runtime 2.14 loads it, runs it, and answers the same for every picture.
    """
    model = Path(__file__).parent / "data" / "newer_quantizer.tflite"
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
