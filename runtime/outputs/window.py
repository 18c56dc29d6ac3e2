"""--window: the picture, its reading, and the state of the source."""

from __future__ import annotations

import os
import re
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.cli.parser import Parser
from runtime.errors import OptionError
from runtime.outputs.base import OutputContext
from runtime.outputs.format import result_to_text
from runtime.outputs.overlay import BAR_GRAY, GREEN, ORANGE, overlay, overlay_regions, write_in_bar
from runtime.stream.answer import StreamUpdate
from runtime.stream.health import OK

Image = NDArray[np.uint8]
TITLE = "edge-classifier"
MAX_WIDTH = 1280  # pixels of a window as it opens
EMPTY_SIZE = (240, 320)  # height, width, pixels: shown before there is a frame
QUIT_KEYS = (ord("q"), 27)  # Esc
X11_PORT = 6000  # of display 0; the others follow
X11_TIMEOUT_S = 2.0  # for an X server in the network to answer


def add_options(parser: Parser) -> None:
    """Declare --window.

    Args:
        parser: The camera's parser.
    """
    parser.add_argument("--window", action="store_true", help="show the picture and what is read; q or Esc ends it")


def open_output(options: Namespace, context: OutputContext) -> WindowOutput | None:
    """Open the window where --window asks for one.

    Args:
        options: The camera's command line.
        context: Context of the run.

    Returns:
        The output; None without --window.

    Raises:
        OptionError: No window can be opened here.
    """
    if not options.window:
        return None
    window = WindowOutput(context.request_stop)
    context.each_turn.append(window.process_events)
    return window


def explain_error(environment: Mapping[str, str], build: str) -> str:
    """Tell why no window can be opened.

    It is asked before a window is opened, because Qt ends the whole process where there is no display.

    Args:
        environment: os.environ.
        build: cv2.getBuildInformation().

    Returns:
        The reason and the remedy; "" where nothing is known against a window.
    """
    if re.search(r"^\s*GUI:\s*NONE\s*$", build, re.MULTILINE):
        return (
            "--window: this OpenCV has no windows; "
            "pip uninstall -y opencv-python-headless, then pip install 'opencv-python!=4.11.*'"
        )
    display, wayland = environment.get("DISPLAY", ""), environment.get("WAYLAND_DISPLAY")
    if os.name == "posix" and not display and not wayland:
        return "--window: there is no display here; over SSH use ssh -X, or --json without a window"
    if display and not wayland and not _x_server_answers(display):
        return f"--window: no X server answers at DISPLAY={display}; over SSH use ssh -X, or --json without a window"
    return ""


def draw(update: StreamUpdate, last: Image | None) -> Image:
    """What the window shows: boxes, labels and scores, and below them a bar with state and frame rate.

    Args:
        update: A frame and what was read in it, or a source that is stale or lost.
        last: What was shown before, (h, w, 3) BGR uint8. Where there is no frame it is shown again, darkened.

    Returns:
        (h, w, 3) BGR uint8.
    """
    if update.frame is None or update.result is None:
        if last is None:
            return _with_bar(np.zeros((*EMPTY_SIZE, 3), np.uint8), update)
        canvas = (last // 3).astype(np.uint8)
        _write_bar(canvas, update)
        return canvas
    if update.result.reading is not None:
        return _with_bar(overlay_regions(update.frame.image, update.result.reading), update)
    return _with_bar(overlay(update.frame.image, update.result.prediction), update)


class WindowOutput:
    """An Output that shows each update. OpenCV's windows belong to the thread that made them: the loop's own."""

    def __init__(self, request_stop: Callable[[], None]) -> None:
        """Open the window.

        Args:
            request_stop: Called where q or Esc is pressed, or the window is closed.

        Raises:
            OptionError: No window can be opened here.
        """
        error = explain_error(os.environ, cv2.getBuildInformation())
        if error:
            raise OptionError(error)
        self._request_stop = request_stop
        self._last: Image | None = None
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)

    def emit(self, update: StreamUpdate) -> None:
        """Draw one update.

        Args:
            update: All that is known after an event of the source.
        """
        shown = draw(update, self._last)
        if self._last is None:
            height, width = shown.shape[:2]
            scale = min(1.0, MAX_WIDTH / width)
            cv2.resizeWindow(TITLE, round(width * scale), round(height * scale))
        if update.frame is not None:
            self._last = shown
        cv2.imshow(TITLE, shown)
        self.process_events()

    def process_events(self) -> None:
        """Process the window's events; request the stop where it was closed. To be called often, without frames too."""
        if cv2.waitKey(1) & 0xFF in QUIT_KEYS or cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1:
            self._request_stop()

    def close(self) -> bool:
        """Close the window.

        Returns:
            True.
        """
        cv2.destroyAllWindows()
        return True


def _x_server_answers(display: str) -> bool:
    """True where an X server listens at host:number.screen."""
    host, _, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not number.isdigit():
        return False
    if host in ("", "unix"):
        return Path(f"/tmp/.X11-unix/X{number}").exists()
    import socket

    try:
        socket.create_connection((host, X11_PORT + int(number)), timeout=X11_TIMEOUT_S).close()
    except OSError:
        return False
    return True


def _with_bar(canvas: Image, update: StreamUpdate) -> Image:
    """The picture with a bar below it."""
    bar = _bar_height(canvas)
    canvas = np.asarray(cv2.copyMakeBorder(canvas, 0, bar, 0, 0, cv2.BORDER_CONSTANT), np.uint8)
    _write_bar(canvas, update)
    return canvas


def _write_bar(canvas: Image, update: StreamUpdate) -> None:
    """Write the bar that is below a picture, over what it said before."""
    bar = _bar_height(canvas)
    canvas[-bar:] = BAR_GRAY
    text = f"{update.state}  {update.fps:.1f} fps"
    if update.steady and update.result is not None:
        text += "  " + (result_to_text(update.result) if update.result.reading is not None else update.steady)
    if update.message:
        text += "  " + update.message
    color = GREEN if update.state == OK else ORANGE
    write_in_bar(canvas, text, canvas.shape[0] - round(bar * 0.3), bar, color, max(1, bar // 20))


def _bar_height(canvas: Image) -> int:
    return max(20, round(int(canvas.shape[1]) * 0.05))
