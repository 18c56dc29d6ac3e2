"""What the doctor says of the installed packages and the cameras.

Nothing heavy is imported at the top: the doctor comes when numpy or OpenCV are what is broken.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import platform
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

from runtime.board import machine
from runtime.board.machine import Check
from runtime.errors import EdgeError

# What Raspberry Pis have nodes for beside cameras: decoders and image processors.
NO_CAMERA = re.compile(r"bcm2835-(codec|isp)|rpivid|rpi-hevc|pispbe")
APT = {"numpy": "python3-numpy", "opencv-python-headless": "python3-opencv"}


def check_python() -> list[Check]:
    return [Check("python", f"{platform.python_version()} at {sys.executable}")]


def check_numpy() -> list[Check]:
    module, problem = load("numpy")
    if module is None:
        return [Check("numpy", f"does not import ({problem})", "fault", install_command("numpy"))]
    return [Check("numpy", str(module.__version__))]


def check_opencv() -> list[Check]:
    package = "opencv-python-headless"
    if load("numpy")[0] is None:
        return [Check("opencv", "needs numpy, which does not import", "note")]
    cv2, problem = load("cv2")
    if cv2 is None:
        # Built for another numpy: a newer OpenCV where the interpreter takes numpy 2, else an older numpy.
        from runtime.tflite.interpreter import PACKAGES, installed

        fits = f"{package}>=4.12" if next(installed(), "") != PACKAGES[1] else "numpy<2"
        remedy = install_command(fits if "numpy" in problem or "_ARRAY_API" in problem else package)
        return [Check("opencv", f"does not import ({problem})", "fault", remedy)]
    version, built = str(cv2.__version__), str(cv2.getBuildInformation())
    if version.startswith("4.11."):
        remedy = install_command(f"{package}!=4.11.*")
        return [Check("opencv", f"{version} returns camera frames in the wrong shape", "fault", remedy)]
    parts = {name: bool(re.search(rf"{name}.*:\s+YES", built)) for name in ("v4l/v4l2", "FFMPEG")}
    gui = (re.search(r"GUI:\s+(\w+)", built) or [None, "NONE"])[1]
    value = f"{version}, V4L2 {_yes(parts['v4l/v4l2'])}, FFmpeg {_yes(parts['FFMPEG'])}, windows {str(gui).lower()}"
    return [Check("opencv", value)]


def check_interpreter() -> list[Check]:
    if load("numpy")[0] is None:
        return [Check("interpreter", "needs numpy, which does not import", "note")]
    try:
        from runtime.tflite.interpreter import find_interpreter

        return [Check("interpreter", find_interpreter()[1])]
    except EdgeError as error:
        package = "numpy<2" if "numpy<2" in str(error) else "ai-edge-litert"
        if package == "ai-edge-litert" and machine.is_32_bit_arm():
            package = "tflite-runtime==2.14.0"
        return [Check("interpreter", brief(error), "fault", install_command(package))]


def check_picamera2() -> list[Check]:
    """Imported in a process of its own: it costs seconds, and where its numpy is another's it may end the process."""
    if not _is_there("picamera2"):
        if not machine.is_raspberry_pi():
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
    return [Check("picamera2", f"does not import ({brief(said)}): CSI cameras cannot be read", "note", remedy)]


def check_cameras(folder: Path = Path("/dev")) -> list[Check]:
    """Nodes that give pictures, and who may read them."""
    from runtime.sources import v4l2

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


def load(name: str) -> tuple[ModuleType | None, str]:
    """(the module, "") or (None, why not); what a package that does not fit prints on the way is kept back."""
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            module = importlib.import_module(name)
        module.__version__  # noqa: B018  an empty folder of that name imports as well
        return module, ""
    except Exception as error:  # a package built for another numpy raises whatever comes to it
        return None, brief(error)


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def install_command(package: str) -> str:
    """The command that installs a package into this Python, anew where it is there and broken."""
    name = re.split(r"[<>=!]", package)[0]
    managed = Path(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED").exists() and sys.prefix == sys.base_prefix
    if name in APT and (managed or machine.is_32_bit_arm()):
        return f"sudo apt install {APT[name]}"
    if managed:
        return f"python3 -m venv --system-site-packages .venv && .venv/bin/pip install '{package}'"
    return f"{sys.executable} -m pip install --force-reinstall '{package}'"


def _yes(there: bool) -> str:
    return "yes" if there else "no"


def brief(error: object) -> str:
    return " ".join(str(error).split())[:400]
