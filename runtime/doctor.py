"""python -m runtime.doctor: is this machine fit, and if not, which one command mends it?

Nothing heavy is imported at the top: the doctor comes when numpy or OpenCV are what is broken.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.command import Parser, run
from runtime.errors import EdgeError, InterpreterMissing

EXAMPLE = """  python -m runtime.doctor
  python -m runtime.doctor --json -m artifacts/model.tflite"""

MIN_MEMORY_MIB, MIN_DISK_MIB = 64, 50  # a start of classify takes about 70 MiB, most of it shared
HOT_CELSIUS = 80.0  # where a Raspberry Pi lowers its clock
# vcgencmd get_throttled: bits 0 to 3 are now, 16 to 19 since the last start.
THROTTLED = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}


@dataclass(frozen=True)
class Check:
    """One thing looked at. state: "ok", "note" (works without) or "fault". remedy: the command or act that mends it."""

    name: str
    value: str
    state: str = "ok"
    remedy: str = ""


def examine(model: str | None = None) -> list[Check]:
    """Every check, in order. Nothing that is broken keeps the rest from being looked at."""
    looks: list[Callable[[], list[Check]]] = [_python, _machine, _numpy, _opencv, _interpreter, _picamera2, _cameras]
    looks += [_display, _memory, _disk, _heat, lambda: _model(model)]
    found = []
    for look in looks:
        try:
            found += look()
        except (OSError, ValueError, ImportError, AttributeError) as error:
            found.append(Check(look.__name__.strip("_"), f"cannot be looked at ({error})", "note"))
    return found


def _python() -> list[Check]:
    return [Check("python", f"{platform.python_version()} at {sys.executable}")]


def _machine() -> list[Check]:
    bits = 64 if sys.maxsize > 2**32 else 32
    board = _text("/proc/device-tree/model").strip("\0\n ") or "no device tree"
    libc = " ".join(platform.libc_ver()).strip() or "unknown C library"
    flags = set(re.findall(r"\b(?:neon|asimd|asimddp|i8mm|avx2|avx512_vnni|avx_vnni)\b", _text("/proc/cpuinfo")))
    checks = [Check("machine", f"{platform.machine()}, {bits}-bit Python, {libc}, {board}")]
    if platform.machine() in ("aarch64", "x86_64") and bits == 32:
        remedy = "use a 64-bit system image: LiteRT has no 32-bit wheels"
        checks = [dataclasses.replace(checks[0], state="note", remedy=remedy)]
    return [*checks, Check("cpu", f"{os.cpu_count()} cores, {' '.join(sorted(flags)) or 'no vector extension named'}")]


def _numpy() -> list[Check]:
    try:
        return [Check("numpy", str(importlib.import_module("numpy").__version__))]
    except (ImportError, AttributeError) as error:
        return [Check("numpy", f"does not import ({_brief(error)})", "fault", _pip("numpy"))]


def _opencv() -> list[Check]:
    package = "opencv-python-headless" if platform.machine() != "armv7l" else ""
    remedy = _pip(package) if package else "sudo apt install python3-opencv"
    if not _imports("numpy"):  # cv2 would say so itself, on standard output
        return [Check("opencv", "needs numpy, which does not import", "note")]
    try:
        cv2 = importlib.import_module("cv2")
        version, built = str(cv2.__version__), str(cv2.getBuildInformation())
    except (ImportError, AttributeError) as error:
        return [Check("opencv", f"does not import ({_brief(error)})", "fault", remedy)]
    if version.startswith("4.11."):
        return [
            Check("opencv", f"{version} returns camera frames in the wrong shape", "fault", _pip(f"{package}!=4.11.*"))
        ]
    parts = {name: bool(re.search(rf"{name}.*:\s+YES", built)) for name in ("v4l/v4l2", "FFMPEG")}
    gui = (re.search(r"GUI:\s+(\w+)", built) or [None, "NONE"])[1]
    value = f"{version}, V4L2 {_yes(parts['v4l/v4l2'])}, FFmpeg {_yes(parts['FFMPEG'])}, windows {str(gui).lower()}"
    return [Check("opencv", value)]


def _interpreter() -> list[Check]:
    if not _imports("numpy"):
        return [Check("interpreter", "needs numpy, which does not import", "note")]
    try:
        from runtime.interpreter import find_interpreter

        return [Check("interpreter", find_interpreter()[1])]
    except EdgeError as error:
        package = "numpy<2" if "numpy<2" in str(error) else "ai-edge-litert"
        if platform.machine() == "armv7l" and package == "ai-edge-litert":
            package = "tflite-runtime==2.14.0"
        return [Check("interpreter", _brief(error), "fault", _pip(package))]


def _picamera2() -> list[Check]:
    if importlib.util.find_spec("picamera2") is not None:
        return [Check("picamera2", "found")]
    if "Raspberry Pi" not in _text("/proc/device-tree/model"):
        return [Check("picamera2", "not found, and this is no Raspberry Pi")]
    remedy = "sudo apt install python3-picamera2, and a venv made with --system-site-packages"
    return [Check("picamera2", "not found: CSI cameras cannot be read", "note", remedy)]


def _cameras() -> list[Check]:
    nodes = sorted(Path("/dev").glob("video*"))
    closed = [str(node) for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if not nodes:
        return [Check("cameras", "no /dev/video*", "note", "plug a USB camera in, or enable the CSI camera")]
    if closed:
        remedy = "sudo usermod -aG video $USER, then log in again"
        return [Check("cameras", f"no permission for {', '.join(closed)}", "fault", remedy)]
    return [Check("cameras", ", ".join(map(str, nodes)))]


def _display() -> list[Check]:
    name = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    return [Check("display", name or "none: readings come as text")]


def _memory() -> list[Check]:
    available = re.search(r"MemAvailable:\s+(\d+) kB", _text("/proc/meminfo"))
    if not available:
        return [Check("memory", "unknown")]
    mebibytes = int(available[1]) // 1024
    low = mebibytes < MIN_MEMORY_MIB
    remedy = "end other programs: ps aux --sort=-rss | head" if low else ""
    return [Check("memory", f"{mebibytes} MiB available", "fault" if low else "ok", remedy)]


def _disk() -> list[Check]:
    mebibytes = shutil.disk_usage(Path(__file__).parent).free // 2**20
    low = mebibytes < MIN_DISK_MIB
    remedy = "make room: sudo apt clean; sudo journalctl --vacuum-size=50M" if low else ""
    return [Check("disk", f"{mebibytes} MiB free", "fault" if low else "ok", remedy)]


def _heat() -> list[Check]:
    checks = []
    reading = _text("/sys/class/thermal/thermal_zone0/temp").strip()
    if reading.lstrip("-").isdigit():
        celsius = int(reading) / 1000
        hot = celsius >= HOT_CELSIUS
        remedy = "add a heat sink or a fan" if hot else ""
        checks.append(Check("temperature", f"{celsius:.0f} degrees C", "note" if hot else "ok", remedy))
    if shutil.which("vcgencmd"):
        done = subprocess.run(["vcgencmd", "get_throttled"], capture_output=True, text=True, timeout=5, check=False)
        checks.append(throttling(done.stdout))
    return checks


def throttling(answer: str) -> Check:
    """A check from what `vcgencmd get_throttled` prints, "throttled=0x50005"."""
    match = re.search(r"throttled=0x([0-9a-fA-F]+)", answer)
    if not match:
        return Check("throttling", "vcgencmd gives no answer", "note")
    bits = int(match[1], 16)
    now = [text for bit, text in THROTTLED.items() if bits >> bit & 1]
    before = [text for bit, text in THROTTLED.items() if bits >> (bit + 16) & 1]
    value = ", ".join(now) + " now" if now else ", ".join(before) + " since the last start" if before else "none"
    remedy = (
        "use the power supply made for this board" if bits & 0x10001 else "add a heat sink or a fan" if bits else ""
    )
    return Check("throttling", value, "fault" if now else "note" if before else "ok", remedy)


def _model(path: str | None) -> list[Check]:
    if not _imports("numpy") or not _imports("cv2"):
        return [Check("model", "needs numpy and OpenCV to be looked at", "note")]
    try:
        from runtime.classifier import Classifier
        from runtime.selftest import selftest

        classifier = Classifier.load(path)
        report = selftest(classifier)
    except InterpreterMissing:
        return [Check("model", "needs an interpreter to be looked at", "note")]
    except EdgeError as error:
        remedy = "copy the model again, or make one with: python -m convert"
        return [Check("model", _brief(error), "fault", remedy)]
    card = classifier.card
    checks = [Check("model", f"{card.name} {card.version}, {len(card.labels)} labels, {classifier.interpreter.input}")]
    if report.faults:
        remedy = "update the interpreter, or convert the model again: python -m convert"
        return [*checks, *(Check("selftest", fault, "fault", remedy) for fault in report.faults)]
    proof = "to the byte" if report.exact == report.vectors else f"within {report.worst:.1%}"
    return [*checks, Check("selftest", f"{report.vectors} vectors {proof}, {report.inference_ms:.3f} ms an image")]


def _imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def _pip(package: str) -> str:
    return f"{sys.executable} -m pip install '{package}'"


def _yes(there: bool) -> str:
    return "yes" if there else "no"


def _brief(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


def _text(path: str) -> str:
    """What a file says; "" where it is not there."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


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
