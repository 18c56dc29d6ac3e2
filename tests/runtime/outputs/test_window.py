"""--window: what it shows, and why it cannot be shown here. A real one: tests/camera."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.outputs.window import draw, explain_error
from tests.runtime.helpers import command
from tests.runtime.outputs.helpers import lost, page, update

HEADLESS = "\n  GUI:                           NONE\n"
QT = "\n  GUI:                           QT5\n    QT:                          YES (ver 5.15)\n"


@pytest.mark.parametrize(
    ("environment", "build", "complaint"),
    [
        ({"DISPLAY": ":0"}, HEADLESS, "pip install 'opencv-python"),
        ({}, QT, "no display here; over SSH use ssh -X"),
        ({"DISPLAY": ":987"}, QT, "no X server answers at DISPLAY=:987"),
        ({"DISPLAY": "127.0.0.1:-5999.0"}, QT, "no X server answers"),
        ({"DISPLAY": "rubbish"}, QT, "no X server answers"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, QT, ""),
    ],
)
def test_why_there_is_no_window(environment: dict[str, str], build: str, complaint: str) -> None:
    assert complaint in explain_error(environment, build)
    assert bool(explain_error(environment, build)) == bool(complaint)


def test_the_command_says_so_in_one_line() -> None:
    done = command("runtime.camera", "fake://digits", "--window", env={"DISPLAY": "", "WAYLAND_DISPLAY": ""})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: --window: ")
    assert done.stderr.count("\n") == 1


def test_a_lost_source_darkens_the_picture() -> None:
    shown = draw(update(), None)
    dark = draw(lost(""), shown)
    assert dark.shape == shown.shape
    assert dark.mean() < shown.mean() / 2
    assert draw(lost(""), None).shape == (260, 320, 3)


def test_the_bar_below_is_written_anew_and_not_over() -> None:
    shown = draw(update(), None)
    fresh, again = (draw(lost("unplugged"), last) for last in (np.zeros_like(shown), shown))
    assert np.array_equal(fresh[-20:], again[-20:])
    assert (fresh[-20:] != 32).any()


def test_a_text_is_shown_in_the_bar_below() -> None:
    read, nothing = draw(update(page("407", 0.99)), None), draw(update(page("")), None)
    assert read.shape == nothing.shape == (260, 320, 3)
    assert (read[-20:] != nothing[-20:]).any()
