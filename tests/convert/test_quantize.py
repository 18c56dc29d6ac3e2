"""The table of quantizations: what the help, the docs and the card say is in it, and another package adds to it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convert.__main__ import main
from convert.quantize import DEFAULT, ENTRY_POINTS, EXACT, QUANTIZATIONS, load_configure, load_quantization
from runtime.errors import OptionError
from runtime.tflite.card_file import split_card
from runtime.tflite.interpreter import find_interpreter

ROOT = Path(__file__).resolve().parents[2]
TOY = """
from convert.quantize import Quantization

INT16 = Quantization("int16x8", needs_calibration=True, configure="toy_quantization:configure")
NO_FUNCTION = Quantization("broken", needs_calibration=False, configure="toy_quantization:nothing")
NO_ROW = "int16x8"

def configure(converter, samples):
    import numpy as np
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None].astype(np.float32)] for image in samples)
    kernels = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    converter.target_spec.supported_ops = [kernels]
"""
ENTRIES = f"""[{ENTRY_POINTS}]
int16x8 = toy_quantization:INT16
broken = toy_quantization:NO_FUNCTION
misnamed = toy_quantization:INT16
no-row = toy_quantization:NO_ROW
missing = toy_quantization:MISSING
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path with a package that brings int8 weights with int16 activations: one file, one row."""
    about = tmp_path / "toy_quantization-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-quantization\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRIES)
    (tmp_path / "toy_quantization.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_quantization_of_another_package_is_converted_to(toy: Path, artifacts: Path) -> None:
    """The child process finds it, too."""
    path = os.pathsep.join(filter(None, (str(toy), os.environ.get("PYTHONPATH"))))
    output = toy / "model.tflite"
    words = [artifacts / "model.keras", "--quantization", "int16x8", "--min-agreement", "0.99", "-o", output]
    command = [sys.executable, "-m", "convert", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "\nParity of Keras and int16x8 .tflite on 500 test images\n" in done.stdout
    model, card = split_card(output.read_bytes())
    assert card is not None
    assert card.quantization == "int16x8"
    assert card.training["conversion"]["calibration"]["images"] >= 500
    interpreter = find_interpreter()[0](model_content=model)
    dtypes = {tensor["dtype"] for tensor in interpreter.get_tensor_details()}
    assert {np.int8, np.int16} <= dtypes  # weights, activations


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("int4", r"one of int8, dynamic, float16, float32, broken, int16x8, .*; received 'int4'\. Install"),
        ("misnamed", "expected a Quantization named 'misnamed' .*; received 'int16x8'"),
        ("no-row", "expected a Quantization in toy_quantization:NO_ROW .*; received str"),
        ("missing", "cannot load missing from toy_quantization:MISSING"),
    ],
)
def test_what_is_no_quantization_is_one_clear_line(name: str, says: str, toy: Path) -> None:
    with pytest.raises(OptionError, match=says):
        load_quantization(name)


def test_a_row_without_its_function_is_one_clear_line(toy: Path) -> None:
    with pytest.raises(OptionError, match="cannot import 'toy_quantization:nothing' of the quantization 'broken'"):
        load_configure(load_quantization("broken"))


def test_other_packages_are_asked_only_for_what_is_not_built_in() -> None:
    code = "import sys\nfrom convert.quantize import QUANTIZATIONS, load_quantization\n"
    code += "for name in QUANTIZATIONS: load_quantization(name)\n"
    code += "sys.exit(str([m for m in ('importlib.metadata', 'numpy', 'tensorflow') if m in sys.modules] or ''))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("name", QUANTIZATIONS)
def test_every_row_has_its_name_and_its_function(name: str) -> None:
    row = load_quantization(name)
    assert row.name == name
    load: Callable[..., None] = load_configure(row)
    assert load.__doc__


def test_the_help_and_the_docs_list_the_rows(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["-h"])
    assert "--quantization {" + ",".join(QUANTIZATIONS) + "}" in capsys.readouterr().out
    card = (ROOT / "docs" / "reference" / "card.md").read_text("utf-8")
    (row,) = [line for line in card.splitlines() if line.startswith("| `quantization` |")]
    assert re.findall(r"`(\w+)`", row)[1:] == list(QUANTIZATIONS)
    guide = (ROOT / "docs" / "how-to" / "compare-quantizations.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)`", guide, re.MULTILINE) == list(QUANTIZATIONS)


def test_what_is_compared_is_in_the_table() -> None:
    assert {DEFAULT, EXACT} <= set(QUANTIZATIONS)
    assert QUANTIZATIONS[DEFAULT].needs_calibration
    assert not QUANTIZATIONS[EXACT].needs_calibration
