"""Checks of the installed packages and the cameras.

Nothing heavy is imported at the top: numpy or OpenCV may be what is broken.
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

# Nodes of a Raspberry Pi that are no cameras: decoders and image processors.
NOT_CAMERAS = re.compile(r"bcm2835-(codec|isp)|rpivid|rpi-hevc|pispbe")
APT_PACKAGES = {"numpy": "python3-numpy", "opencv-python-headless": "python3-opencv"}  # by pip's names
PICAMERA2_TIMEOUT_S = 60  # its import takes seconds on a Raspberry Pi
LINE_LENGTH = 400  # characters of an error that are quoted


def check_python() -> list[Check]:
    """The Python that runs this.

    Returns:
        "python", always ok.
    """
    return [Check("python", f"{platform.python_version()} at {sys.executable}")]


def check_numpy() -> list[Check]:
    """Whether numpy imports.

    Returns:
        "numpy".
    """
    module, problem = try_import("numpy")
    if module is None:
        return [Check("numpy", f"does not import ({problem})", "fault", install_command("numpy"))]
    return [Check("numpy", str(module.__version__))]


def check_opencv() -> list[Check]:
    """Whether OpenCV imports, is a version that works, and what it was built with.

    Returns:
        "opencv".
    """
    package = "opencv-python-headless"
    if try_import("numpy")[0] is None:
        return [Check("opencv", "needs numpy, which does not import", "note")]
    cv2, problem = try_import("cv2")
    if cv2 is None:
        # Built for another numpy: a newer OpenCV where the interpreter takes numpy 2, else an older numpy.
        from runtime.tflite.interpreter import PACKAGES, installed

        fitting = f"{package}>=4.12" if next(installed(), "") != PACKAGES[1] else "numpy<2"
        remedy = install_command(fitting if "numpy" in problem or "_ARRAY_API" in problem else package)
        return [Check("opencv", f"does not import ({problem})", "fault", remedy)]
    version, build = str(cv2.__version__), str(cv2.getBuildInformation())
    if version.startswith("4.11."):
        remedy = install_command(f"{package}!=4.11.*")
        return [Check("opencv", f"{version} returns camera frames in the wrong shape", "fault", remedy)]
    v4l2, ffmpeg = ("yes" if re.search(rf"{name}.*:\s+YES", build) else "no" for name in ("v4l/v4l2", "FFMPEG"))
    windows = (re.search(r"GUI:\s+(\w+)", build) or [None, "NONE"])[1]
    return [Check("opencv", f"{version}, V4L2 {v4l2}, FFmpeg {ffmpeg}, windows {str(windows).lower()}")]


def check_interpreter() -> list[Check]:
    """Whether a TFLite interpreter imports.

    Returns:
        "interpreter".
    """
    if try_import("numpy")[0] is None:
        return [Check("interpreter", "needs numpy, which does not import", "note")]
    try:
        from runtime.tflite.interpreter import find_interpreter

        return [Check("interpreter", find_interpreter()[1])]
    except EdgeError as error:
        package = "numpy<2" if "numpy<2" in str(error) else "ai-edge-litert"
        if package == "ai-edge-litert" and machine.is_32_bit_arm():
            package = "tflite-runtime==2.14.0"
        return [Check("interpreter", one_line(error), "fault", install_command(package))]


def check_picamera2() -> list[Check]:
    """Whether picamera2, which reads CSI cameras, imports.

    It is imported in a process of its own: it takes seconds, and one built for another numpy may end the process.

    Returns:
        "picamera2".
    """
    if importlib.util.find_spec("picamera2") is None:
        if not machine.is_raspberry_pi():
            return [Check("picamera2", "not found, and this is no Raspberry Pi")]
        remedy = "sudo apt install python3-picamera2, and a venv made with --system-site-packages"
        return [Check("picamera2", "not found: CSI cameras cannot be read", "note", remedy)]
    words = [sys.executable, "-c", "import picamera2"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PICAMERA2_TIMEOUT_S, check=False)
    if done.returncode == 0:
        return [Check("picamera2", "found")]
    problem = (done.stderr.strip().splitlines() or ["it gives no reason"])[-1]
    # Bookworm's was built for numpy 1, which LiteRT takes as well; OpenCV 5 does not.
    remedy = f"{sys.executable} -m pip install 'numpy<2' 'opencv-python-headless==4.10.0.84'"
    value = f"does not import ({one_line(problem)}): CSI cameras cannot be read"
    return [Check("picamera2", value, "note", remedy)]


def check_cameras(folder: Path = Path("/dev")) -> list[Check]:
    """Camera nodes, and whether this user may read them.

    Args:
        folder: Where the nodes are.

    Returns:
        "cameras".
    """
    from runtime.sources import v4l2

    closed = [str(node) for node in sorted(folder.glob("video*")) if not os.access(node, os.R_OK | os.W_OK)]
    if closed:
        remedy = "sudo usermod -aG video $USER, then log in again"
        return [Check("cameras", f"no permission for {', '.join(closed)}", "fault", remedy)]
    found = [camera for camera in v4l2.cameras(folder)[0] if not NOT_CAMERAS.search(camera.name)]
    if not found:
        listing = "python -m runtime.camera --list (CSI: rpicam-hello --list-cameras)"
        remedy = f"plug a camera in, then see it with: {listing}"
        return [Check("cameras", f"no camera at {folder}/video*", "note", remedy)]
    return [Check("cameras", ", ".join(f"{camera.node} ({camera.name})" for camera in found))]


def try_import(name: str) -> tuple[ModuleType | None, str]:
    """Import a package that may be broken; what it prints meanwhile is dropped.

    Args:
        name: Name of the package.

    Returns:
        (the package, ""), or (None, the error in one line).
    """
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            module = importlib.import_module(name)
        module.__version__  # noqa: B018  an empty folder of that name imports as well
        return module, ""
    except Exception as error:  # a package built for another numpy may raise anything
        return None, one_line(error)


def install_command(package: str) -> str:
    """The command that installs a package into this Python, again where it is there and broken.

    Args:
        package: As pip takes it, with a version or without.

    Returns:
        A line for a shell.
    """
    name = re.split(r"[<>=!]", package)[0]
    is_managed = Path(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED").exists() and sys.prefix == sys.base_prefix
    if name in APT_PACKAGES and (is_managed or machine.is_32_bit_arm()):
        return f"sudo apt install {APT_PACKAGES[name]}"
    if is_managed:
        return f"python3 -m venv --system-site-packages .venv && .venv/bin/pip install '{package}'"
    return f"{sys.executable} -m pip install --force-reinstall '{package}'"


def one_line(error: object) -> str:
    r"""An error's text without line breaks, at most LINE_LENGTH characters.

    Args:
        error: Its text is taken.

    Returns:
        The text.

    Example:
        >>> one_line("cannot import\n  numpy")
        'cannot import numpy'
    """
    return " ".join(str(error).split())[:LINE_LENGTH]
