"""Run inside the virtual machine by tests/camera/vm.sh: real camera nodes, by vivid and v4l2loopback.

/dev/video0 is vivid's test picture; /dev/video5 shows what is written to it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.classifier import Classifier
from runtime.errors import SourceError
from runtime.image.files import read_image
from runtime.sources.registry import open_source
from runtime.stream.live import LiveSource
from tests.runtime.helpers import ROOT, command
from tests.runtime.test_camera import Running

Image = NDArray[np.uint8]
WIDTH, HEIGHT, FPS = 640, 480, 15
NODE = "/dev/video5"
S_FMT = 0xC0D05605  # _IOWR('V', 5, struct v4l2_format)
VIDEO_OUTPUT, FIELD_NONE = 2, 1
VIVID = Path("/sys/bus/platform/drivers/vivid")


def yuyv(image: Image) -> Image:
    """BGR (h, w, 3) as YUYV (h, w, 2), uint8, BT.601 as cameras give it."""
    ycrcb = cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb).astype(np.float32)
    y = ycrcb[..., 0] * 219 / 255 + 16
    out = np.empty((*image.shape[:2], 2), np.float32)
    out[..., 0] = y
    for at, channel in ((0, 2), (1, 1)):
        out[:, at::2, 1] = (ycrcb[:, 0::2, channel] + ycrcb[:, 1::2, channel]) / 2 * 224 / 255 + 128 * 31 / 255
    return np.clip(np.round(out), 0, 255).astype(np.uint8)


class Producer:
    """Writes one picture again and again to the loopback node, in a thread of its own."""

    def __init__(self) -> None:
        self._descriptor = os.open(NODE, os.O_RDWR)
        pix = struct.pack("<12I", WIDTH, HEIGHT, 0x56595559, FIELD_NONE, WIDTH * 2, WIDTH * HEIGHT * 2, *[0] * 6)
        fcntl.ioctl(self._descriptor, S_FMT, struct.pack("<II", VIDEO_OUTPUT, 0) + pix.ljust(200, b"\0"))
        self.shown = b"\x80" * (WIDTH * HEIGHT * 2)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def show(self, packed: Image) -> None:
        self.shown = packed.tobytes()

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        os.close(self._descriptor)

    def _run(self) -> None:
        while not self._end.wait(1 / FPS):
            os.write(self._descriptor, self.shown)


@pytest.fixture
def producer() -> Iterator[Producer]:
    made = Producer()
    yield made
    made.close()


def twenty() -> list[Image]:
    """The ten digits among the samples, and each smaller in a corner."""
    pictures = []
    for path in sorted((ROOT / "samples").glob("[a-z]*_[0-9].*")):
        image = read_image(path)
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8) if image.ndim == 2 else image
        whole = np.asarray(cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
        small = np.full_like(whole, whole[5, 5])
        small[100:340, 200:520] = cv2.resize(whole, (320, 240), interpolation=cv2.INTER_AREA)
        pictures += [whole, small]
    return pictures


def test_twenty_pictures_read_as_from_files(producer: Producer, shipped: Classifier, tmp_path: Path) -> None:
    pictures = twenty()
    assert len(pictures) == 20
    source = LiveSource(NODE, lambda: open_source(NODE))
    events = source.events(lambda: False)
    exact = 0
    for number, picture in enumerate(pictures):
        packed = yuyv(picture)
        file = tmp_path / f"{number}.png"
        cv2.imwrite(str(file), cv2.cvtColor(packed, cv2.COLOR_YUV2BGR_YUY2))
        expected = read_image(file)
        producer.show(packed)
        for _ in range(100):
            frame = next(events).frame
            if frame is not None and np.array_equal(frame.image, expected):
                break
        else:
            raise AssertionError(f"picture {number} did not come through as it was written")
        from_file, from_node = shipped.predict(expected), shipped.predict(frame.image)
        assert (from_file.label, from_file.reason, from_file.top) == (from_node.label, from_node.reason, from_node.top)
        exact += 1
    assert source.close()
    print(f"{exact} of {len(pictures)} pictures pixel-exact, readings and scores equal")


def test_a_producer_that_dies_and_comes_back(producer: Producer) -> None:
    pictures = twenty()
    seven = next(i for i, p in enumerate(sorted((ROOT / "samples").glob("[a-z]*_[0-9].*"))) if p.stem.endswith("_7"))
    producer.show(yuyv(pictures[2 * seven]))
    with Running(NODE, "--json") as running:
        running.until(label="7", state="ok")
        producer.close()
        running.until(state="stale")
        running.until(state="lost")
        again = Producer()
        again.show(yuyv(pictures[2 * seven]))
        running.until(state="recovered")
        running.until(label="7", state="ok")
        running.end()
        again.close()
        assert running.process.returncode == 0
    assert {line["label"] for line in running.lines if line["state"] == "ok"} <= {"7", None}
    producer._descriptor = os.open(os.devnull, os.O_RDONLY)  # the fixture closes it


def test_a_camera_that_is_unplugged_and_plugged_in_again() -> None:
    device = next(VIVID.glob("vivid.*")).name
    with Running("0", "--json", "--every-frame") as running:
        running.until(state="ok")
        (VIVID / "unbind").write_text(device)
        lost = running.until(state="lost")
        print("unplugged:", lost["message"])
        (VIVID / "bind").write_text(device)
        running.until(state="recovered")
        running.until(state="ok")
        running.end()
        assert running.process.returncode == 0


def test_list_shows_its_formats() -> None:
    done = command("runtime.camera", "--list")
    assert re.search(r"^/dev/video0  vivid$", done.stdout, re.MULTILINE)
    assert re.search(r"^  YUYV .*640x360", done.stdout, re.MULTILINE)


def test_a_busy_camera_is_one_line() -> None:
    with Running("0", "--json") as running:
        running.until(state="ok")
        done = command("runtime.camera", "/dev/video0", "--count", "1")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "busy" in done.stderr


def test_a_camera_you_may_not_read() -> None:
    Path("/dev/video0").chmod(0o600)
    os.seteuid(65534)
    try:
        with pytest.raises(SourceError, match=r"camera 0: you may not read /dev/video0: sudo usermod -aG video \$USER"):
            open_source("0")
    finally:
        os.seteuid(0)


def test_a_size_is_asked_for() -> None:
    done = command("runtime.camera", "0", "--width", "1280", "--height", "720", "--count", "3", "--json", "--stats")
    assert done.returncode == 0
    ages = [json.loads(line)["age_ms"] for line in done.stdout.splitlines()]
    print("age at the answer, ms:", ages, done.stderr)
    assert len(ages) == 3
