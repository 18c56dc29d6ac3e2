"""On every board: the right packages are installed, results equal the host's, and the costs are measured."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from runtime.tflite.golden import KERNEL_TOLERANCE
from tests.device.boards import Board
from tests.device.conftest import SUMMARY


def output(board: Board, name: str, status: int = 0) -> str:
    done = board.done[name]
    assert done.returncode == status, f"{name}: {done.stdout}{done.stderr}"
    return done.stdout


def probe(board: Board) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(output(board, "probe"))
    return found


def test_it_is_installed(board: Board) -> None:
    assert re.search(r"^installed 0\.\S+; before: none$", output(board, "install"), re.MULTILINE)
    assert "result       passed" in board.done["install"].stdout


def test_pip_chooses_what_the_payload_holds(board: Board) -> None:
    """The markers are right on that machine: pip would have installed what the bundle holds."""
    if board.kind.extras:
        assert "pip" not in board.done  # pip adds what an extra names and leaves nothing out; make bundle does
        return
    said = output(board, "pip")
    (line,) = re.findall(r"^Would install (.*)$", said, re.MULTILINE)
    chosen = {normalized(re.sub(r"-[^-]*$", "", word)) for word in line.split()}
    # On 32 bits what is installed is not ignored, since numpy is the distribution's.
    chosen |= {
        normalized(word) for word in re.findall(r"^Requirement already satisfied: ([\w.-]+)", said, re.MULTILINE)
    }
    from_debian = {"numpy"} if board.root.arch == "armhf" else set()
    packed = {normalized(name.split("-")[0]) for name in board.payload.dependencies}
    assert chosen == packed | from_debian | {"edge-classifier"}


def normalized(name: str) -> str:
    """A package's name, normalized (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_it_has_the_interpreter_meant_for_it_and_no_tensorflow(board: Board) -> None:
    found = probe(board)
    assert found["interpreter"].startswith(board.kind.name.partition(", ")[2].replace("LiteRT", "ai-edge-litert"))
    assert found["tensorflow"] is False
    assert found["machine"] == board.kind.target.partition("-")[0]
    assert "py" + "".join(found["python"].split(".")[:2]) == board.kind.target.partition("-")[2]
    assert (int(found["numpy"].split(".")[0]) >= 2) == found["interpreter"].startswith("ai-edge-litert")


def test_the_samples_are_read_as_on_the_host(board: Board, host: dict[str, Any]) -> None:
    lines = [json.loads(line) for line in output(board, "classify").splitlines()]
    assert {line["source"].rpartition("/")[2]: line["label"] for line in lines} == {
        name: reading["label"] for name, reading in host["readings"].items()
    }
    assert "31415\n  92653" in output(board, "read")


def test_pixels_and_outputs_are_the_hosts(board: Board, host: dict[str, Any]) -> None:
    """Pixels equal to the byte. Outputs and scores too where the interpreter is the host's; elsewhere the label is
    equal, and the rest within the selftest's tolerance.
    """
    found = probe(board)
    tolerance = 0.0 if found["interpreter"] == host["interpreter"] else KERNEL_TOLERANCE
    steps, scores = 0, 0.0
    for name, expected in host["readings"].items():
        received = found["readings"][name]
        assert (received["label"], received["reason"]) == (expected["label"], expected["reason"]), name
        assert received["pixels"] == expected["pixels"], name
        steps = max(steps, max_difference(received["on_given"], expected["output"]))
        scores = max(scores, abs(received["score"] - expected["score"]))
    assert steps <= tolerance * 256
    assert scores <= tolerance
    SUMMARY.append(
        f"{board.kind.name}: {len(host['readings'])} samples, same pixels, same labels; outputs differ by at most "
        f"{steps} of 255 steps, scores by {scores:.4f}"
    )


def max_difference(received: str, expected: str) -> int:
    pair = [np.frombuffer(bytes.fromhex(text), np.int8).astype(int) for text in (received, expected)]
    return int(np.abs(pair[0] - pair[1]).max(initial=0))


def test_selftest_passes(board: Board) -> None:
    text = output(board, "selftest")
    assert text.endswith("result       passed\n")
    if board.kind.name.endswith("LiteRT"):
        assert "replayed, to the byte" in text


def test_doctor_finds_the_board_fit(board: Board) -> None:
    checks = {check["name"]: check for check in map(json.loads, output(board, "doctor").splitlines())}
    assert not [check for check in checks.values() if check["state"] == "fault"]
    assert checks["model"]["state"] == checks["selftest"]["state"] == "ok"
    assert board.kind.target.partition("-")[0] in checks["machine"]["value"]
    assert checks["cameras"]["remedy"]


def test_benchmark_measures_a_proven_model(board: Board) -> None:
    (cost,) = (json.loads(line) for line in output(board, "benchmark").splitlines())
    assert cost["proven"] is True
    assert 0 < cost["inference"]["p5"] <= cost["inference"]["p50"] <= cost["inference"]["p95"]


def test_its_figures(board: Board) -> None:
    """For docs/reference/boards.md. Under qemu, memory includes qemu and the code it translated: both are given."""
    found = probe(board)
    resident, bare = (int(output(board, name)) for name in ("resident", "resident, bare"))
    assert resident > bare > 0
    figures = {**board.figures, "resident": resident, "bare": bare}
    SUMMARY.append(
        f"{board.kind.name}: {found['machine']}, Python {found['python']}, glibc {found['glibc']}, "
        f"{found['interpreter']}, numpy {found['numpy']}, OpenCV {found['opencv']}"
    )
    cells = [f"{value / 2**20:.1f} MiB" for value in figures.values()]
    assert board.figures["downloaded"] > 0 < board.figures["on disk"]
    SUMMARY.append(f"| {board.kind.name} | {' | '.join(cells)} |")
