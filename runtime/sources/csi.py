"""The Raspberry Pi's own camera connector, through picamera2."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from runtime.errors import SourceError
from runtime.image.pixels import as_picture
from runtime.sources.base import Frame, SourceOptions


def open_csi(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Open a camera on the Raspberry Pi's own connector.

    Args:
        text: "csi://" and the camera's number; "csi://" alone is camera 0.
        options: width, height (640 by 480 without them) and fps are used.

    Returns:
        The frames, (h, w, 3) BGR uint8, without end.

    Raises:
        SourceError: What follows csi:// is not a number, picamera2 is missing, or the camera cannot be started.
    """
    number = text.removeprefix("csi://") or "0"
    if not number.isdigit():
        raise SourceError(f"expected csi://0 or another number; received {text}")
    return _camera_frames(_start_camera(text, int(number), options), text)


def _start_camera(text: str, number: int, options: SourceOptions) -> Any:
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
        # picamera2 keeps the newest frame; with fewer buffers the camera pauses while that frame is in use.
        camera.configure(camera.create_video_configuration(main=main, controls=controls, buffer_count=4))
        camera.start()
    except (RuntimeError, IndexError, OSError) as error:
        if camera is not None:
            camera.close()  # otherwise it is busy at the next try
        # picamera2's own message is "did not complete", whatever the cause was.
        raise SourceError(
            f"cannot open {text}: {error.__context__ or error}; is the cable in, and another program using it? "
            "See: rpicam-hello --list-cameras"
        ) from None
    return camera


def csi_cameras() -> list[str]:
    """List the cameras on the Raspberry Pi's own connector.

    Returns:
        A line for each camera, such as "csi://0  imx708". The list is empty where picamera2 is missing.
    """
    try:
        from picamera2 import Picamera2
    except ImportError:
        return []
    found = enumerate(Picamera2.global_camera_info())  # with USB cameras, which their Id tells apart
    return [f"csi://{number}  {info.get('Model', '')}" for number, info in found if "usb" not in info.get("Id", "")]


def _camera_frames(camera: Any, source: str) -> Iterator[Frame]:
    try:
        index = 0
        while True:
            yield Frame(as_picture(camera.capture_array("main")), source, index, time.time())
            index += 1
    finally:
        camera.stop()
        camera.close()
