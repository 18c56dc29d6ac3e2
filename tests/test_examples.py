"""examples/: each is run as its first line says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.packages import install

EXAMPLES = ROOT / "examples"


def run(*words: str, packages: str = "") -> str:
    """Standard output of `python WORDS`, run in the project's folder as the examples say.

    packages: a folder with what else is installed.
    """
    path = os.pathsep.join(filter(None, (str(ROOT), packages)))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_run_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    for path in EXAMPLES.iterdir():
        if path.suffix in (".py", ".ipynb") and path.stem != "__init__":
            assert path.stem in text, path


def test_classify_folder() -> None:
    lines = run("examples/classify_folder.py", "samples").splitlines()
    assert "photo_7.jpg: 7 (1.00)" in lines
    assert lines[-1] == "1 x 0, 1 x 1, 1 x 2, 1 x 3, 1 x 4, 1 x 5, 1 x 6, 1 x 7, 1 x 8, 1 x 9, 1 x blank"


def installed(folder: Path, group: str, line: str) -> str:
    """A folder for PYTHONPATH that is what `pip install` makes of a package with examples/ and this entry point."""
    install(folder, "own", "", group, line)
    for path in EXAMPLES.glob("own_*.py"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    return str(folder)


def test_own_source(tmp_path: Path, samples: Path) -> None:
    packages = installed(tmp_path / "packages", "edge_classifier.sources", "arriving = own_source:SCHEME")
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    (incoming / "cut.jpg").write_bytes((samples / "photo_7.jpg").read_bytes()[:1000])
    (incoming / "whole.jpg").write_bytes((samples / "photo_7.jpg").read_bytes())
    words = ("-m", "runtime.camera", f"arriving://{incoming}", "--json", "--count", "1")
    (line,) = run(*words, packages=packages).splitlines()
    answer = json.loads(line)
    assert (answer["source"], answer["label"], answer["frame"]) == (str(incoming / "whole.jpg"), "7", 0)


def test_own_output(tmp_path: Path) -> None:
    packages = installed(tmp_path / "packages", "edge_classifier.outputs", "table = own_output:open_output")
    table = tmp_path / "readings.csv"
    run("-m", "runtime.camera", "samples", "--output", f"table={table}", packages=packages)
    lines = [line.split(",") for line in table.read_text(encoding="utf-8").splitlines()]
    assert [reading for _, _, reading in lines] == ["", "4", "9", "6", "5", "8", "2", "7", "1", "3", "0"]
    assert {state for _, state, _ in lines} == {"ok"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", when) for when, _, _ in lines)


def test_button(capsys: pytest.CaptureFixture[str], samples: Path) -> None:
    gpiozero = pytest.importorskip("gpiozero", reason="examples/button.py needs gpiozero (group dev)")
    from gpiozero.pins.mock import MockFactory

    from examples import button

    gpiozero.Device.pin_factory = factory = MockFactory()
    pin = factory.pin(button.PIN)
    try:
        with button.watch(str(samples / "photo_7.jpg")):
            for _ in range(2):
                pin.drive_low()  # pressed: the pin is pulled up, and the button connects it to ground
                pin.drive_high()
        with button.watch("no_such_file.jpg"):
            pin.drive_low()
    finally:
        factory.reset()
        gpiozero.Device.pin_factory = None
    assert capsys.readouterr().out == "7\n7\nerror: no such file or folder: no_such_file.jpg\n"


def test_tour(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    cells = json.loads((EXAMPLES / "tour.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        assert not cell.get("outputs"), "a notebook is kept without its outputs"
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"tour.ipynb, {cell['id']}", "exec"), names)
            assert capsys.readouterr().out
    assert getattr(names["reading"], "text", None) == "31415\n92653"
