"""The Raspberry Pi's own camera connector, through picamera2."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from runtime.errors import SourceError
from runtime.image.pixels import as_picture
from runtime.sources.base import Frame

if TYPE_CHECKING:
    from runtime.sources.base import SourceOptions


def open_csi(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Frames of a camera on the Pi's own connector: csi://0."""
    number = text.removeprefix("csi://") or "0"
    if not number.isdigit():
        raise SourceError(f"expected csi://0 or another number; received {text}")
    camera = _start_csi(text, int(number), options)
    return _csi(camera, text)


def _start_csi(text: str, number: int, options: SourceOptions) -> Any:
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise SourceError(
            f"{text} needs picamera2 ({error}): sudo apt install python3-picamera2, "
            "and make the virtual environment with: python3 -m venv --system-site-packages"
        ) from None
    camera = None
    try:
        camera = Picamera2(number)
        # picamera2 names by the order in a 32-bit word: its RGB888 is B, G, R in memory, as OpenCV has it.
        main = {"size": (options.width or 640, options.height or 480), "format": "RGB888"}
        controls = {"FrameRate": options.fps} if options.fps else {}
        # It keeps one frame, the newest; with fewer buffers the camera pauses while that one is held.
        camera.configure(camera.create_video_configuration(main=main, controls=controls, buffer_count=4))
        camera.start()
    except (RuntimeError, IndexError, OSError) as error:
        if camera is not None:
            camera.close()  # or it is busy when it is tried again
        # picamera2 says "did not complete" of whatever it was.
        raise SourceError(
            f"cannot open {text}: {error.__context__ or error}; is the cable in, and another program using it? "
            "See: rpicam-hello --list-cameras"
        ) from None
    return camera


def csi_cameras() -> list[str]:
    """A line for each camera on the Pi's own connector; none where there is no picamera2."""
    try:
        from picamera2 import Picamera2
    except ImportError:
        return []
    found = enumerate(Picamera2.global_camera_info())  # USB cameras come here too, by their bus
    return [f"csi://{number}  {info.get('Model', '')}" for number, info in found if "usb" not in info.get("Id", "")]


def _csi(camera: Any, source: str) -> Iterator[Frame]:
    try:
        index = 0
        while True:
            yield Frame(as_picture(camera.capture_array("main")), source, index, time.time())
            index += 1
    finally:
        camera.stop()
        camera.close()
