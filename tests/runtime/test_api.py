"""The public names: each is there, imported when asked for, documented, and its example runs."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import runtime
from tests.runtime.helpers import ROOT

NAMES = [name for name in runtime.__all__ if name != "__version__"]
ERRORS = {name for name in NAMES if name.endswith(("Error", "Mismatch", "Missing"))}


def test_the_names_are_those_promised() -> None:
    assert {"Classifier", "Prediction", "Reading", "Region", "Candidate"} <= set(NAMES)
    assert {"Frame", "open_source", "read_image", "ModelCard", "InputSpec"} <= set(NAMES)
    assert sorted(dir(runtime)) == sorted(runtime.__all__)


def test_every_error_is_public() -> None:
    from runtime import errors

    assert {name for name, value in vars(errors).items() if isinstance(value, type)} == ERRORS


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'runtime' has no attribute 'Clasifier'"):
        _ = runtime.Clasifier


def test_the_package_alone_imports_nothing_heavy() -> None:
    code = "import sys, runtime; print({'numpy', 'cv2', 'argparse', 'json'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("name", NAMES)
def test_its_example_runs(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the samples where the example finds them, in a folder that it may write into."""
    for item in ("README.md", "runtime", "samples"):
        (tmp_path / item).symlink_to(ROOT / item)
    monkeypatch.chdir(tmp_path)
    value = getattr(runtime, name)
    assert "Example:\n" in value.__doc__, f"{name} has no example"
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    module = sys.modules[value.__module__]
    tests = doctest.DocTestFinder().find(value, name, module=module, globs=dict(vars(module)))
    assert any(test.examples for test in tests)
    for test in tests:
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_the_packages_own_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert doctest.testmod(runtime).failed == 0
