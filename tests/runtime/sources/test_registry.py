"""The table of sources: what it says, who else says it, and a source from another package."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from runtime.errors import OptionError, SourceError
from runtime.sources.base import SourceOptions
from runtime.sources.registry import GRAMMAR, SCHEMES, find_scheme, has_video, is_live, open_source
from tests.packages import install
from tests.runtime.helpers import ROOT, command

URL_SCHEMES = sorted(name for name in SCHEMES if " " not in name)


@pytest.mark.parametrize("name", SCHEMES)
def test_the_opener_of_every_row_exists(name: str) -> None:
    module, _, function = SCHEMES[name].open.partition(":")
    assert callable(getattr(import_module(module), function))


def pages() -> str:
    """The README and the documentation."""
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def schemes_in(text: str) -> set[str]:
    """The URL schemes that a text names; "rtsp[s]://" is two. A bare number or node is v4l2."""
    found = {"v4l2"} if "/dev/video" in text else set()
    for name, secure in re.findall(r"\b([a-z0-9]+)(\[s\])?://", text):
        found |= {name, f"{name}s"} if secure else {name}
    return found


def test_help_errors_and_pages_name_the_schemes_of_the_table() -> None:
    examples = [scheme.example for scheme in SCHEMES.values()]
    assert all(example in GRAMMAR for example in examples)
    usage = " ".join(command("runtime.camera", "-h", env={"COLUMNS": "200"}).stdout.split())
    assert GRAMMAR in usage
    assert schemes_in(GRAMMAR) == set(URL_SCHEMES)
    assert set(URL_SCHEMES) <= schemes_in(pages())


def test_every_source_that_a_page_or_the_service_shows_is_known() -> None:
    shown = re.findall(r"runtime\.camera ([^\s`|)-]\S*|-)(?=[\s`])", pages())
    conf = (ROOT / "deploy/device/edge-classifier.conf").read_text(encoding="utf-8")
    shown += re.findall(r"[\w/]+\d\b|\w+://\S+?(?=[,\s])", conf.partition("SOURCE=")[0])
    assert len(shown) > 5
    assert "csi://0" in shown
    assert {find_scheme(text).name for text in shown} <= set(SCHEMES)


@pytest.mark.parametrize(
    ("text", "name", "live", "video"),
    [
        ("0", "v4l2", True, True),
        ("/dev/video3", "v4l2", True, True),
        ("/dev/v4l/by-id/usb-a-camera-0", "v4l2", True, True),
        ("v4l2:///dev/video3", "v4l2", True, True),
        ("csi://0", "csi", True, True),
        ("rtsp://x/y", "rtsp", True, True),
        ("rtsps://x/y", "rtsps", True, True),
        ("http://x/y.mp4", "http", True, True),
        ("https://x/y", "https", True, True),
        ("fake://digits", "fake", True, True),
        ("clip.mp4", "video file", False, True),
        ("folder", "picture files", False, False),
        ("seven.png", "picture files", False, False),
    ],
)
def test_the_row_of_a_text(text: str, name: str, live: bool, video: bool) -> None:
    assert find_scheme(text).name == name
    assert (is_live(text), has_video(text)) == (live, video)


@pytest.mark.parametrize("text", ["gopher://me:secret@there", "video://clip.mp4", "://", "://x"])
def test_an_unknown_scheme_is_answered_with_those_there_are(text: str) -> None:
    expected = f"expected {GRAMMAR}; received {text.replace('me:secret', '***')}"
    for function in (open_source, is_live, has_video):
        with pytest.raises(SourceError) as caught:
            function(text)
        assert str(caught.value) == expected


def test_a_size_is_asked_only_of_a_source_that_can_have_it(video: Path) -> None:
    for text in (str(video), "rtsp://127.0.0.1:1/", "-", "samples"):
        with pytest.raises(OptionError, match=r"--width, --height and --fps are asked of a camera; .* has its own"):
            open_source(text, SourceOptions(width=640))
    assert next(open_source("fake://digits", SourceOptions(width=32, height=24))).image.shape == (24, 32, 3)


# A source from another package

TOY = """
import numpy as np
from runtime.sources import synthetic
from runtime.sources.base import Frame
from runtime.sources.registry import Scheme

SCHEME = Scheme("toy", "toy_camera:open_toy", live=False, video=True, sized=False, example="toy://x")
NOT_A_SCHEME = "toy"
NO_OPENER = Scheme("broken", "toy_camera:nothing", live=False, video=True, sized=False, example="broken://x")

def open_toy(text, options):
    return (Frame(synthetic.draw(30 * index), text, index, 0.0) for index in range(3))
"""
POINTS = (
    "toy = toy_camera:SCHEME",
    "wrong = toy_camera:NOT_A_SCHEME",
    "absent = toy_camera:ABSENT",
    "broken = toy_camera:NO_OPENER",
)


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A folder with the package as pip would leave it."""
    return install(tmp_path, "toy_camera", TOY, "edge_classifier.sources", *POINTS)


def test_a_source_of_another_package_is_read_by_the_command(toy: Path) -> None:
    done = command("runtime.camera", "toy://x", "--json", env={"PYTHONPATH": str(toy)})
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["source"], line["frame"], line["label"]) for line in lines] == [
        ("toy://x", 0, "0"),
        ("toy://x", 1, "1"),
        ("toy://x", 2, "2"),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("wrong://x", r"^expected a Scheme in toy_camera:NOT_A_SCHEME \(entry point wrong of .*\); received str$"),
        ("absent://x", r"^cannot load absent from toy_camera:ABSENT .*ABSENT"),
        ("broken://x", r"^cannot load broken:// from toy_camera:nothing: .*nothing"),
        ("gopher://x", r"fake://digits; installed: absent://, broken://, toy://, wrong://; received gopher://x$"),
    ],
)
def test_a_source_of_another_package_that_cannot_be_loaded(
    toy: Path, monkeypatch: pytest.MonkeyPatch, text: str, complaint: str
) -> None:
    monkeypatch.syspath_prepend(toy)
    monkeypatch.delitem(sys.modules, "toy_camera", raising=False)
    with pytest.raises(SourceError, match=complaint):
        open_source(text)


def test_its_size_can_be_refused_too(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(toy)
    monkeypatch.delitem(sys.modules, "toy_camera", raising=False)
    with pytest.raises(OptionError, match="toy://x has its own"):
        open_source("toy://x", SourceOptions(fps=5))
    assert [frame.image.dtype for frame in open_source("toy://x")] == [np.uint8] * 3


LIGHT = """
import sys
import runtime.image.files, runtime.sources.registry as registry
next(registry.open_source("samples/photo_7.jpg"))
loaded = [name for name in sys.modules if name.partition(".")[0] in
          ("ai_edge_litert", "tflite_runtime", "tensorflow") or name in
          ("importlib.metadata", "runtime.classifier", "runtime.sources.opencv", "urllib.request")]
assert not loaded, loaded
"""


def test_pictures_and_sources_load_no_interpreter_and_no_other_source() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
