"""How readings are measured: what counts as a miss, and what the command prints."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime.image.files import read_image
from tests.runtime.helpers import ROOT, command

COLUMNS = ("path", "label", "kind", "repo", "task")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two singles, one of them labeled wrong, a row and an empty sheet."""
    seven, five, blank = (read_image(ROOT / "samples" / f"{n}.jpg") for n in ("photo_7", "lined_5", "blank"))
    row = np.hstack([seven[100:600], five[100:600]])
    rows = []
    for name, image, label, task in (
        ("a.png", seven, "7", "single"),
        ("b.png", five, "6", "single"),
        ("c.png", row, "7 5", "multi"),
        ("d.png", blank, "none", "negative"),
    ):
        cv2.imwrite(str(tmp_path / name), image)
        rows.append((name, label, "photo", "here", task))
    with (tmp_path / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return tmp_path


def test_the_command_counts_and_shows_the_misses(folder: Path) -> None:
    done = command("benchmarks.real_pictures", str(folder), "--misses", "--sheet", str(folder / "sheets"))
    assert done.returncode == 0, done.stderr
    assert "single    micro 50.00% (1 of 2); rejected 0 (none)" in done.stdout
    assert "multi     character error rate 0.00% (0 edits in 2 characters)" in done.stdout
    assert "negative  null 100.00% (1 of 1) (blank 1)" in done.stdout
    assert "b.png: 6 read as 5" in done.stdout
    sheet = cv2.imread(str(folder / "sheets" / "misses-1.png"))
    assert sheet is not None
    assert sheet.std() > 10


def test_a_folder_without_a_manifest_is_one_clear_error(tmp_path: Path) -> None:
    done = command("benchmarks.real_pictures", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("error: no manifest.csv in")


def test_pictures_without_digits_come_in_one_file(tmp_path: Path) -> None:
    pictures = np.zeros((4, 28, 28), np.uint8)
    pictures[0, 4:24, 13:16] = 255  # a 1
    np.savez(tmp_path / "things.npz", x=pictures)
    done = command("benchmarks.real_pictures", str(tmp_path / "things.npz"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "negative  null 75.00% (3 of 4) (blank 3)\n"
    (tmp_path / "none.npz").write_bytes(b"PK")
    done = command("benchmarks.real_pictures", str(tmp_path / "none.npz"))
    assert done.returncode == 1
    assert "expected an .npz file with pictures, key x" in done.stderr
