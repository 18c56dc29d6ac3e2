"""python -m runtime.selftest as a user runs it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from runtime.tflite.card import Golden, ModelCard
from runtime.tflite.card_file import attach_card
from tests.runtime.helpers import command
from tests.runtime.tflite.test_golden import altered


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
