"""--window: the picture, what is read in it, and how the source is."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import OptionError
from runtime.outputs.format import in_one_line
from runtime.outputs.overlay import GREEN, ORANGE, overlay, overlay_regions
from runtime.stream.answer import StreamUpdate
from runtime.stream.health import OK

TITLE = "edge-classifier"
WIDEST = 1280  # pixels of a window as it opens
BAR = 32  # gray level of the bar below
QUIT_KEYS = (ord("q"), 27)  # Esc


def problem(environment: Mapping[str, str], build: str) -> str:
    """Why no window can be opened, with the remedy; "" where nothing is known against it.

    build: cv2.getBuildInformation(). Asked first, because Qt ends the whole process where there is no display.
    """
    if re.search(r"^\s*GUI:\s*NONE\s*$", build, re.MULTILINE):
        return (
            "--window: this OpenCV has no windows; "
            "pip uninstall -y opencv-python-headless, then pip install 'opencv-python!=4.11.*'"
        )
    if os.name == "posix" and not environment.get("DISPLAY") and not environment.get("WAYLAND_DISPLAY"):
        return "--window: there is no display here; over SSH use ssh -X, or --json without a window"
    display = environment.get("DISPLAY", "")
    if display and not environment.get("WAYLAND_DISPLAY") and not _answers(display):
        return f"--window: no X server answers at DISPLAY={display}; over SSH use ssh -X, or --json without a window"
    return ""


def _answers(display: str) -> bool:
    """True where an X server listens at host:number.screen."""
    host, _, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not number.isdigit():
        return False
    if host in ("", "unix"):
        return Path(f"/tmp/.X11-unix/X{number}").exists()
    try:
        socket.create_connection((host, 6000 + int(number)), timeout=2).close()
    except OSError:
        return False
    return True


def picture(answer: StreamUpdate, last: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """What the window shows, (h, w, 3) BGR uint8: boxes, labels and scores, state and frame rate in a bar below.

    last: what is shown on, darkened, where there is no frame.
    """
    if answer.frame is None or answer.look is None:
        canvas = np.zeros((240, 320, 3), np.uint8) if last is None else (last // 3).astype(np.uint8)
        return _footed(canvas, answer, framed=last is not None)
    if answer.look.reading is not None:
        return _footed(overlay_regions(answer.frame.image, answer.look.reading), answer, framed=False)
    return _footed(overlay(answer.frame.image, answer.look.prediction), answer, framed=False)


def _footed(canvas: NDArray[np.uint8], answer: StreamUpdate, framed: bool) -> NDArray[np.uint8]:
    """With the bar below. framed: it is there already, and written anew."""
    bar = max(20, round(canvas.shape[1] * 0.05))
    if not framed:
        canvas = np.asarray(cv2.copyMakeBorder(canvas, 0, bar, 0, 0, cv2.BORDER_CONSTANT), np.uint8)
    canvas[-bar:] = BAR
    text = f"{answer.state}  {answer.fps:.1f} fps"
    if answer.steady and answer.look is not None:
        text += "  " + (in_one_line(answer.look) if answer.look.reading is not None else answer.steady)
    text = (text + ("  " + answer.message if answer.message else "")).encode("ascii", "replace").decode("ascii")
    size, thick = bar / 40, max(1, bar // 20)
    (needed, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    size *= min(1.0, (canvas.shape[1] - 12) / needed)
    color = GREEN if answer.state == OK else ORANGE
    place = (6, canvas.shape[0] - round(bar * 0.3))
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, color, thick, cv2.LINE_AA)
    return canvas


class WindowOutput:
    """An Output. OpenCV's windows belong to the thread that made them: the loop's own."""

    def __init__(self, quit_: Callable[[], None]) -> None:
        """quit_: called where q or Esc is pressed, or the window closed."""
        wrong = problem(os.environ, cv2.getBuildInformation())
        if wrong:
            raise OptionError(wrong)
        self._quit = quit_
        self._last: NDArray[np.uint8] | None = None
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)

    def emit(self, answer: StreamUpdate) -> None:
        """Draw one answer."""
        shown = picture(answer, self._last)
        if self._last is None:
            height, width = shown.shape[:2]
            scale = min(1.0, WIDEST / width)
            cv2.resizeWindow(TITLE, round(width * scale), round(height * scale))
        if answer.frame is not None:
            self._last = shown
        cv2.imshow(TITLE, shown)
        self.process_events()

    def process_events(self) -> None:
        """Let the window live, and see whether it is to be closed; often, also where no frame comes."""
        if cv2.waitKey(1) & 0xFF in QUIT_KEYS or cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1:
            self._quit()

    def close(self) -> bool:
        """Close it."""
        cv2.destroyAllWindows()
        return True
