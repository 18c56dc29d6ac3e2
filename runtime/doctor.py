"""python -m runtime.doctor: is this machine fit, and if not, which one command mends it?

Nothing heavy is imported at the top: the doctor comes when numpy or OpenCV are what is broken.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import importlib.util
import io
import json
import os
import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from runtime import board
from runtime.board import Check
from runtime.command import Parser, run
from runtime.errors import EdgeError, InterpreterMissing

EXAMPLE = """  python -m runtime.doctor
  python -m runtime.doctor --json -m artifacts/model.tflite"""

# What Raspberry Pis have nodes for beside cameras: decoders and image processors.
NO_CAMERA = re.compile(r"bcm2835-(codec|isp)|rpivid|rpi-hevc|pispbe")
APT = {"numpy": "python3-numpy", "opencv-python-headless": "python3-opencv"}
HERE = Path(__file__).parent


def examine(model: str | None = None) -> list[Check]:
    """Every check, in order. Nothing that is broken keeps the rest from being looked at."""
    looks: list[Callable[[], list[Check]]] = [
        _python,
        board.machine,
        _numpy,
        _opencv,
        _interpreter,
        _picamera2,
        cameras,
    ]
    looks += [board.display, board.memory, board.disk, board.heat, lambda: _model(model)]
    found = []
    for look in looks:
        try:
            found += look()
        except Exception as error:  # whatever a broken package does, the rest is looked at
            found.append(Check(look.__name__.strip("_<>"), f"cannot be looked at ({_brief(error)})", "note"))
    return found


def _python() -> list[Check]:
    return [Check("python", f"{platform.python_version()} at {sys.executable}")]


def _numpy() -> list[Check]:
    module, problem = _load("numpy")
    if module is None:
        return [Check("numpy", f"does not import ({problem})", "fault", _install("numpy"))]
    return [Check("numpy", str(module.__version__))]


def _opencv() -> list[Check]:
    package = "opencv-python-headless"
    if _load("numpy")[0] is None:
        return [Check("opencv", "needs numpy, which does not import", "note")]
    cv2, problem = _load("cv2")
    if cv2 is None:
        # Built for another numpy: a newer OpenCV where the interpreter takes numpy 2, else an older numpy.
        from runtime.interpreter import PACKAGES, installed

        fits = f"{package}>=4.12" if next(installed(), "") != PACKAGES[1] else "numpy<2"
        remedy = _install(fits if "numpy" in problem or "_ARRAY_API" in problem else package)
        return [Check("opencv", f"does not import ({problem})", "fault", remedy)]
    version, built = str(cv2.__version__), str(cv2.getBuildInformation())
    if version.startswith("4.11."):
        remedy = _install(f"{package}!=4.11.*")
        return [Check("opencv", f"{version} returns camera frames in the wrong shape", "fault", remedy)]
    parts = {name: bool(re.search(rf"{name}.*:\s+YES", built)) for name in ("v4l/v4l2", "FFMPEG")}
    gui = (re.search(r"GUI:\s+(\w+)", built) or [None, "NONE"])[1]
    value = f"{version}, V4L2 {_yes(parts['v4l/v4l2'])}, FFmpeg {_yes(parts['FFMPEG'])}, windows {str(gui).lower()}"
    return [Check("opencv", value)]


def _interpreter() -> list[Check]:
    if _load("numpy")[0] is None:
        return [Check("interpreter", "needs numpy, which does not import", "note")]
    try:
        from runtime.interpreter import find_interpreter

        return [Check("interpreter", find_interpreter()[1])]
    except EdgeError as error:
        package = "numpy<2" if "numpy<2" in str(error) else "ai-edge-litert"
        if package == "ai-edge-litert" and board.is_32_bit_arm():
            package = "tflite-runtime==2.14.0"
        return [Check("interpreter", _brief(error), "fault", _install(package))]


def _picamera2() -> list[Check]:
    """Imported in a process of its own: it costs seconds, and where its numpy is another's it may end the process."""
    if not _is_there("picamera2"):
        if not board.is_raspberry_pi():
            return [Check("picamera2", "not found, and this is no Raspberry Pi")]
        remedy = "sudo apt install python3-picamera2, and a venv made with --system-site-packages"
        return [Check("picamera2", "not found: CSI cameras cannot be read", "note", remedy)]
    words = [sys.executable, "-c", "import picamera2"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 0:
        return [Check("picamera2", "found")]
    said = (done.stderr.strip().splitlines() or ["no word of why"])[-1]
    # Bookworm's was built for numpy 1, which LiteRT takes as well; OpenCV 5 does not.
    remedy = f"{sys.executable} -m pip install 'numpy<2' 'opencv-python-headless==4.10.0.84'"
    return [Check("picamera2", f"does not import ({_brief(said)}): CSI cameras cannot be read", "note", remedy)]


def cameras(folder: Path = Path("/dev")) -> list[Check]:
    """Nodes that give pictures, and who may read them."""
    from runtime import v4l2

    closed = [str(node) for node in sorted(folder.glob("video*")) if not os.access(node, os.R_OK | os.W_OK)]
    if closed:
        remedy = "sudo usermod -aG video $USER, then log in again"
        return [Check("cameras", f"no permission for {', '.join(closed)}", "fault", remedy)]
    found = [camera for camera in v4l2.cameras(folder)[0] if not NO_CAMERA.search(camera.name)]
    if not found:
        remedy = (
            "plug a camera in, then see it with: python -m runtime.camera --list (CSI: rpicam-hello --list-cameras)"
        )
        return [Check("cameras", f"no camera at {folder}/video*", "note", remedy)]
    return [Check("cameras", ", ".join(f"{camera.node} ({camera.name})" for camera in found))]


def _model(path: str | None) -> list[Check]:
    if _load("numpy")[0] is None or _load("cv2")[0] is None:
        return [Check("model", "needs numpy and OpenCV to be looked at", "note")]
    try:
        from runtime.classifier import DEFAULT_MODEL, Classifier
        from runtime.selftest import selftest

        remedy = _restore(Path(path) if path else DEFAULT_MODEL, shipped=path is None)
        classifier = Classifier.load(path)
        report = selftest(classifier)
    except InterpreterMissing:
        return [Check("model", "needs an interpreter to be looked at", "note")]
    except EdgeError as error:
        return [Check("model", _brief(error), "fault", remedy)]
    card = classifier.card
    value = f"{card.name} {card.version}, {len(card.labels)} labels, {classifier.interpreter.input}"
    if _was_swapped(Path(path) if path else DEFAULT_MODEL):
        return [Check("model", f"{value}; it is not the file that was installed here", "fault", remedy)]
    if report.faults:
        remedy = "update the interpreter, or convert the model again: python -m convert"
        return [Check("model", value), *(Check("selftest", fault, "fault", remedy) for fault in report.faults)]
    proof = "to the byte" if report.exact == report.vectors else f"within {report.worst:.1%}"
    proven = Check("selftest", f"{report.vectors} vectors {proof}, {report.inference_ms:.3f} ms an image")
    return [Check("model", value), proven]


def _was_swapped(model: Path) -> bool:
    """Whether a model is another one than its installation wrote down: a .sha256 beside it, or the wheel's RECORD.

    A model by itself proves only that it is whole; this is how another whole one is found out.
    """
    import base64
    import hashlib

    digest = hashlib.sha256(model.read_bytes())
    beside = board.text(f"{model}.sha256").split()
    if beside:
        return beside[0] != digest.hexdigest()
    inside = model.resolve().relative_to(HERE.parent) if model.resolve().is_relative_to(HERE.parent) else model
    records = "".join(board.text(str(path)) for path in HERE.parent.glob("edge_classifier-*.dist-info/RECORD"))
    written = re.search(rf"^{re.escape(inside.as_posix())},sha256=([\w-]+),", records, re.MULTILINE)
    return written is not None and written[1] != base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def _restore(model: Path, shipped: bool) -> str:
    """The command that brings a model back."""
    if Path(f"{model}.sha256").exists():
        return "on the workstation: make deploy HOST=..."
    if not shipped:
        return "copy the model again, or make one with: python -m convert"
    if (HERE.parent / ".git").exists():
        return "git checkout -- runtime/models/digits.tflite"
    return f"{sys.executable} -m pip install --force-reinstall --no-deps edge-classifier"


def _load(name: str) -> tuple[ModuleType | None, str]:
    """(the module, "") or (None, why not); what a package that does not fit prints on the way is kept back."""
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            module = importlib.import_module(name)
        module.__version__  # noqa: B018  an empty folder of that name imports as well
        return module, ""
    except Exception as error:  # a package built for another numpy raises whatever comes to it
        return None, _brief(error)


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _install(package: str) -> str:
    """The command that installs a package into this Python, anew where it is there and broken."""
    name = re.split(r"[<>=!]", package)[0]
    managed = Path(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED").exists() and sys.prefix == sys.base_prefix
    if name in APT and (managed or board.is_32_bit_arm()):
        return f"sudo apt install {APT[name]}"
    if managed:
        return f"python3 -m venv --system-site-packages .venv && .venv/bin/pip install '{package}'"
    return f"{sys.executable} -m pip install --force-reinstall '{package}'"


def _yes(there: bool) -> str:
    return "yes" if there else "no"


def _brief(error: object) -> str:
    return " ".join(str(error).split())[:400]


def to_text(check: Check) -> str:
    """One line, two with a remedy."""
    mark = {"ok": "ok   ", "note": "note ", "fault": "FAULT"}[check.state]
    line = f"{mark} {check.name:12s} {check.value}"
    return line + (f"\n      {'':12s} -> {check.remedy}" if check.remedy else "")


def main() -> int:
    """Print every check; 1 where one of them is a fault."""
    parser = Parser("python -m runtime.doctor", "Look this machine over; each fault with what mends it.", EXAMPLE)
    parser.add_argument("-m", "--model", metavar="FILE", help="a .tflite model (default: the digits that ship)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse()
    checks = examine(options.model)
    for check in checks:
        print(json.dumps(dataclasses.asdict(check)) if options.json else to_text(check))
    return 1 if any(check.state == "fault" for check in checks) else 0


if __name__ == "__main__":
    run(main)
