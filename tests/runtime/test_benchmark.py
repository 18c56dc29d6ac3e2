"""The benchmark measures what it says; how fast that is, no test asks."""

from __future__ import annotations

import json
from pathlib import Path

from runtime.benchmark import scene
from runtime.classifier import DEFAULT_MODEL, Classifier
from tests.runtime.helpers import command

QUICK = ("--count", "3", "--warmup", "1", "--num-threads", "2")


def test_the_scene_is_a_picture_with_a_digit(shipped: Classifier) -> None:
    assert scene().shape == (480, 640, 3)
    assert shipped.predict(scene()).label == "7"


def test_json_has_every_figure_at_each_number_of_threads() -> None:
    done = command("runtime.benchmark", "--json", *QUICK)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["threads"] for line in lines] == [1, 2]
    for line in lines:
        assert line["size_bytes"] == DEFAULT_MODEL.stat().st_size
        assert line["proven"] is True
        assert line["memory_mib"] > 10
        for name in ("preprocess", "inference", "whole"):
            spread = line[name]
            assert 0 < spread["p5"] <= spread["p50"] <= spread["p95"]
        assert line["load_ms"] > 0
        assert line["first_ms"] > 0


def test_compare_drops_a_model_whose_selftest_fails(bare_model: bytes, tmp_path: Path) -> None:
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(bare_model)
    done = command("runtime.benchmark", "--compare", str(bare), str(DEFAULT_MODEL), str(tmp_path / "gone"), *QUICK)
    assert done.returncode == 1
    assert done.stdout.startswith(f"1. {DEFAULT_MODEL}: ")
    assert "2. " not in done.stdout
    errors = done.stderr.splitlines()
    assert any("bare.tflite: dropped, its selftest fails" in line for line in errors)
    assert any("cannot read model" in line for line in errors)
