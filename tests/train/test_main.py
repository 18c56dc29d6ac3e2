"""python -m train as a person meets it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.train.here import RunHere

ROOT = Path(__file__).parents[2]
TRAIN = [sys.executable, "-m", "train"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TRAIN, *words], cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    """A tiny dataset of its own: bars, upright and flat."""
    x = np.zeros((400, 28, 28), np.uint8)
    x[::2, 4:24, 12:15] = 255
    x[1::2, 12:15, 4:24] = 255
    path = tmp_path / "bars.npz"
    np.savez(path, x=x, y=np.arange(400) % 2, labels=np.array(["upright", "flat"]))
    return path


def test_help_names_every_model_and_imports_no_tensorflow() -> None:
    code = "import runpy, sys; sys.argv[1:] = ['-h']\ntry: runpy.run_module('train', run_name='__main__')\n"
    code += "finally: assert not {'tensorflow', 'keras'} & set(sys.modules), 'imported'"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("cnn", "mlp-128-64", "mlp-dropout", "--resume", "--save-h5", "example:", "python -m train"):
        assert word in done.stdout


def test_datasets_come_without_tensorflow() -> None:
    code = "import sys, train.data.load; assert not {'tensorflow', 'keras', 'mlxtend'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--epochs", "0"], 2, "expected 1 or more; received 0"),
        (["--learning-rate", "fast"], 2, "expected a number; received 'fast'"),
        (["--frobnicate"], 2, "--frobnicate"),
        (
            ["--model", "resnet"],
            1,
            "error: --model: expected one of cnn, cnn-tiny, mlp-128",
        ),
        (["--seed", "4294967296"], 1, "error: --seed: expected 0 to 4294967295"),
        (["--data", "nowhere.npz"], 1, "error: nowhere.npz: expected a .npz file; there is no such file"),
        (["-o", "/dev/null/x"], 1, "error: -o /dev/null/x: expected a folder to write into"),
    ],
)
def test_wrong_options(words: list[str], status: int, message: str, tmp_path: Path) -> None:
    extra = [] if "-o" in words else ["-o", str(tmp_path)]
    done = run(*words, *extra)
    assert done.returncode == status
    assert done.stdout == ""
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    if status == 1:
        assert len(done.stderr.splitlines()) == 1


NATIVE = """
import os, sys
from runtime.native import silence_native_code
silence_native_code()
os.write(2, b"from C++")
print("from Python", file=sys.stderr)
raise SystemExit("the end")
"""


@pytest.mark.parametrize(("debug", "heard"), [("0", False), ("1", True)])
def test_only_python_writes_to_standard_error(debug: str, heard: bool) -> None:
    words = [sys.executable, "-c", NATIVE]
    environment = {**os.environ, "DEBUG": debug}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "from Python\nthe end\n" in done.stderr
    assert ("from C++" in done.stderr) == heard


def test_a_run_says_what_it_did_and_nothing_else(npz: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    words = ["--model", "mlp-128", "--epochs", "2", "--save_h5", "--tensorboard"]
    done = run(*words, "--data", str(npz), "-o", str(folder))
    assert done.returncode == 0, done.stderr
    assert [line.split("  ")[0] for line in done.stderr.splitlines()] == ["epoch 1/2", "epoch 2/2"], done.stderr
    heads = [line.split()[0] for line in done.stdout.splitlines()]
    assert heads == ["model", "data", "test", "files", "report", "next"]
    assert "bars: 320 images to learn from, 0 held back, 80 to test" in done.stdout
    assert f"python -m convert {folder}/model.keras" in done.stdout
    names = {"model.keras", "model.h5", "history.csv", "metrics.json", "card.json", "dataset.npz", "checkpoint"}
    pictures = {"training_images.png", "curves.png", "confusion.png", "answers.png", "mistakes.png", "reliability.png"}
    assert {path.name for path in folder.iterdir()} == names | pictures | {"report.html", "logs"}


def test_a_teacher_is_trained_first_and_taken_up_again(npz: Path, tmp_path: Path, run_here: RunHere) -> None:
    words = ["--model", "mlp-128", "--data", str(npz), "--epochs", "2", "--teacher", "mlp-128-128"]
    words += ["-o", str(tmp_path / "out")]
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert "training a teacher first: mlp-128-128, seed 0" in done.stderr
    assert done.stderr.index("epoch 3/3") < done.stderr.index("epoch 1/2")
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    assert card["training"]["teachers"] == ["mlp-128-128, seed 0"]
    assert "accuracy 1.0000" in done.stdout
    assert re.search(r"^taught by mlp-128-128, seed 0, \d+ s$", done.stdout, re.MULTILINE)
    again = run_here(*words, "--resume")
    assert again.err.count("nothing left to train") == 2, again.err
    # The command that makes the same from nothing.
    assert json.loads((tmp_path / "out" / "card.json").read_text()) == card


def test_a_file_that_is_no_teacher(npz: Path, tmp_path: Path) -> None:
    done = run("--data", str(npz), "--teacher", "nothing.keras", "-o", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "error: --teacher nothing.keras: expected a .keras file or a model's name" in done.stderr


def test_ctrl_c_ends_it_with_130_and_says_how_to_go_on(npz: Path, tmp_path: Path) -> None:
    words = ["--model", "mlp-128", "--data", str(npz), "--epochs", "100000", "-o", str(tmp_path / "out")]
    # What a shell runs in the background inherits that SIGINT is ignored; this run is one of a terminal.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    command = [*TRAIN, *words]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, preexec_fn=heed) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 2/"):
                process.send_signal(signal.SIGINT)
                break
        rest = [line for line in process.stderr if not line.startswith("epoch ")]
        assert process.wait() == 130
    assert len(rest) == 1
    assert rest[0].startswith("interrupted; whole epochs are kept. Go on with: python -m train --model mlp-128")
    assert rest[0].rstrip().endswith("--resume")
