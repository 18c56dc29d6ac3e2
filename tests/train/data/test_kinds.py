"""The kinds of dataset: one table behind --data, its help, its errors and the README; and kinds from other packages."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from runtime.errors import DataError, OptionError
from train.data.kinds import ENTRY_POINTS, KINDS, kind_of
from train.data.load import load

ROOT = Path(__file__).parents[3]
TOY = """
import numpy as np
from runtime.tflite.card import InputSpec
from train.data.kinds import DatasetKind
from train.data.pictures import RawDataset, Split

KIND = DatasetKind("stripes", "bars, upright and flat", "toy_stripes:read", "stripes")


def read(data):
    images = np.zeros((40, 8, 8), np.uint8)
    images[::2, :, 3:5] = 255
    images[1::2, 3:5] = 255
    labels = np.arange(40) % 2
    spec = InputSpec(8, 8, 1, polarity="any", framing="whole")
    return RawDataset(data, Split(images, labels), None, ("upright", "flat"), spec)
"""


def test_every_kind_has_a_reader_and_an_example_that_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in KINDS:
        module, function = kind.reader.split(":")
        assert callable(getattr(import_module(module), function))
        if kind.example.endswith("/"):
            Path(kind.example).mkdir()
        assert kind_of(kind.example) is kind
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_the_help_lists_every_kind() -> None:
    done = subprocess.run([sys.executable, "-m", "train", "-h"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    listed = done.stdout.partition("\ndata:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in listed] == [kind.name for kind in KINDS]
    assert [line.split(maxsplit=1)[1] for line in listed] == [kind.summary for kind in KINDS]


def test_an_unknown_name_is_answered_with_every_kind() -> None:
    with pytest.raises(DataError, match=r"^mnits: expected one of .*; there is no such dataset") as error:
        kind_of("mnits")
    assert ", ".join(kind.name for kind in KINDS) in str(error.value)


def test_names_come_before_files_and_folders_before_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mnist").mkdir()
    Path("folder.npz").mkdir()
    Path("anything").touch()
    names = [kind_of(word).name for word in ("mnist", "folder.npz", "anything", "nowhere.npz")]
    assert names == ["mnist", "FOLDER", "FILE.npz", "FILE.npz"]


def test_a_kind_of_another_package_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toy_stripes.py").write_text(TOY)
    info = tmp_path / "toy_stripes-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-stripes\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\nstripes = toy_stripes:KIND\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    dataset = load("stripes")
    assert (dataset.name, dataset.labels) == ("stripes", ("upright", "flat"))
    assert dataset.images_train.shape == (32, 8, 8, 1)
    assert np.bincount(dataset.labels_test).tolist() == [4, 4]


def test_built_in_kinds_read_no_entry_points() -> None:
    code = (
        "import sys; from train.data.kinds import kind_of; kind_of('mnist'); kind_of('x.npz'); kind_of('.')\n"
        "assert 'importlib.metadata' not in sys.modules and 'numpy' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_framing_is_for_kinds_that_take_one() -> None:
    with pytest.raises(OptionError, match=r"--framing ink: expected --data FILE\.npz; received mnist-5k"):
        load("mnist-5k", framing="ink")


def test_the_guide_lists_every_kind() -> None:
    text = (ROOT / "docs" / "how-to" / "train.md").read_text(encoding="utf-8")
    table = text.partition("| `--data` |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE) == [kind.name for kind in KINDS]
