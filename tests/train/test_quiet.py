"""TensorFlow is imported in silence, and heard where its import fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAILS = """
import os, sys, types
keras = types.ModuleType("keras")
sys.modules["keras"] = keras

class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "tensorflow":
            os.write(2, b"from C++: no such instruction\\n")
            raise ImportError("tensorflow is broken")

sys.meta_path.insert(0, Broken())
from train.quiet import import_tensorflow
import_tensorflow()
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("DEBUG", "TF_CPP_MIN_LOG_LEVEL")}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_nothing_is_written_and_python_is_still_heard() -> None:
    code = "import sys; from train.quiet import import_tensorflow; import_tensorflow(); "
    done = run(code + "print(sorted({'keras', 'tensorflow'} & set(sys.modules))); print('heard', file=sys.stderr)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "['keras', 'tensorflow']\n", "heard\n")


def test_where_the_import_fails_its_words_are_shown() -> None:
    done = run(FAILS)
    assert done.returncode == 1
    assert "from C++: no such instruction" in done.stderr
    assert "ImportError: tensorflow is broken" in done.stderr


def test_ctrl_c_while_it_is_imported_shows_nothing() -> None:
    done = run(FAILS.replace('ImportError("tensorflow is broken")', "KeyboardInterrupt"))
    assert done.returncode != 0
    assert "KeyboardInterrupt" in done.stderr
    assert "from C++" not in done.stderr
