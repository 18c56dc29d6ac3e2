"""A model that ends, hangs or fills its process does so in a child, and is one line here."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.errors import ModelError
from runtime.tflite.trial import explain, seconds_for, try_out
from tests.runtime.helpers import ROOT
from tests.runtime.tflite.flatbuffers import (
    FLOAT32,
    INT8,
    INT32,
    Scalar,
    Vector,
    adder,
    endless_loop,
    flatbuffer,
    graph,
    ints,
    model,
    operator,
    tensor,
    tiny,
)


def filling() -> bytes:
    """A FILL of 2 GB, whose size is computed from a constant as it is loaded or run."""
    tensors = [tensor((1, 4)), tensor((2,), INT32, buffer=1), tensor((), FLOAT32, buffer=2), tensor((1, 1))]
    sides = Vector("i", (32768, 16384))
    table = model(["FILL"], [graph(tensors, (0,), (3,), [operator(0, (1, 2), (3,))])], (b"", bytes(4)))
    table[4][1] = {0: Vector("B", tuple(b"".join(int(side).to_bytes(4, "little") for side in sides.values)))}
    return flatbuffer(table)


def ending() -> bytes:
    """An ADD of 8 bits without a scale, at which a check in the C++ aborts."""
    table = adder()
    table[2][0][0][1] = tensor((1, 4), INT8)
    return flatbuffer(table)


def test_a_sound_model_passes(bare_model: bytes) -> None:
    try_out(bare_model)
    try_out(flatbuffer(adder()))


@pytest.mark.parametrize(
    ("data", "problem"),
    [(ending(), r"\(SIGABRT\) while it is loaded"), (filling(), r"cannot load this model|cannot run this model")],
    ids=["ends", "fills"],
)
def test_what_ends_or_fills_the_process_is_one_line_here(data: bytes, problem: str) -> None:
    with pytest.raises(ModelError, match=problem) as caught:
        try_out(data)
    assert len(str(caught.value)) <= 300
    assert "\n" not in str(caught.value)


def test_what_never_ends_is_ended() -> None:
    with pytest.raises(ModelError, match="does not end within 4 s of computing while it runs"):
        try_out(endless_loop())


def test_no_core_file_and_no_more_memory_than_the_limit() -> None:
    code = (
        "import resource; from runtime.tflite.trial import limit_memory; limit_memory(64 * 2**20);"
        "print(resource.getrlimit(resource.RLIMIT_CORE)); bytearray(32 * 2**20); bytearray(128 * 2**20)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "(0, 0)\n"
    assert "MemoryError" in done.stderr


@pytest.mark.parametrize(
    ("said", "status", "problem"),
    [
        (["load", "run", "unload", "done"], 0, ""),
        (["load", "run", "unload", "done"], -signal.SIGABRT, r"\(SIGABRT\) while it is unloaded"),
        (["load", "run"], -signal.SIGFPE, r"\(SIGFPE\) while it runs"),
        (["load"], 1, r"\(status 1\) while it is loaded"),
        (["load"], -signal.SIGPROF, "does not end within 4 s of computing while it is loaded"),
        (["load", "error some interpreter cannot"], 0, "^some interpreter cannot$"),
        ([], 1, "it ends with status 1 at its start"),
        ([], -signal.SIGSEGV, "it ends with status -11 at its start"),
    ],
)
def test_the_childs_end_is_explained(said: list[str], status: int, problem: str) -> None:
    assert re.search(problem, explain(said, status, 4))
    assert bool(explain(said, status, 4)) == bool(problem)


def test_large_models_have_more_time() -> None:
    assert seconds_for(b"") == 4
    assert seconds_for(bytes(30 * 2**20)) == 34


def test_a_python_that_cannot_be_started_is_one_line(monkeypatch: pytest.MonkeyPatch, bare_model: bytes) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ModelError, match="cannot start the process in which a model is tried first"):
        try_out(bare_model)


def test_it_works_from_a_folder_with_a_runtime_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bare_model: bytes
) -> None:
    (tmp_path / "runtime").mkdir()
    (tmp_path / "runtime" / "__init__.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(ROOT), *(path for path in sys.path if path)])
    try_out(bare_model)


def test_a_model_with_open_sides_is_tried_with_those_that_it_gets() -> None:
    """A CONV_2D of 3x3 without padding has no output for the 1x1 picture that the file says."""
    table = tiny()
    graph = table[2][0]
    window = {0: Scalar("b", 1), 1: Scalar("i", 1), 2: Scalar("i", 1)}  # VALID, steps of 1
    graph[3] = [operator(0, (0, 1, 2), (3,), (1, window))]
    graph[2] = ints(3)
    graph[0][0] |= {0: ints(1, 1, 1, 1), 7: ints(1, -1, -1, 1)}
    graph[0][3] |= {0: ints(1, 1, 1, 2), 7: ints(1, -1, -1, 2)}
    data = flatbuffer(table)
    with pytest.raises(ModelError, match="cannot load this model"):
        try_out(data)
    try_out(data, (1, 9, 9, 1))
