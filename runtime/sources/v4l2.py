"""The cameras and their formats, asked of the kernel (linux/videodev2.h), for --list and the doctor."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

QUERYCAP, ENUM_FMT, ENUM_FRAMESIZES = 0x80685600, 0xC0405602, 0xC02C564A  # _IOR/_IOWR('V', ...), same on all ABIs
CAPTURE, DEVICE_CAPS = 0x1, 0x80000000
BUFFER_CAPTURE, DISCRETE = 1, 1
MAX_ENTRIES = 64  # formats of a camera, sizes of a format; a driver's list may have no end

Ioctl = Callable[[int, int, bytearray], object]


@dataclass(frozen=True)
class Camera:
    """A device node that captures pictures.

    Attributes:
        node: Such as "/dev/video0".
        name: The driver's name for the camera.
        formats: A pixel format and its sizes each, such as "MJPG 640x480 1280x720".
    """

    node: str
    name: str
    formats: tuple[str, ...]


def cameras(folder: Path = Path("/dev")) -> tuple[list[Camera], list[str]]:
    """List the V4L2 cameras.

    Args:
        folder: Where the nodes video0, video1, ... are.

    Returns:
        (cameras, errors): the cameras in the order of their numbers, and a line for each node that cannot be opened.
    """
    nodes = sorted(folder.glob("video*"), key=lambda p: int(re.sub(r"\D", "", p.name) or 0))
    found, errors = [], []
    for node in nodes:
        try:
            descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK)
        except OSError as error:
            errors.append(f"{node}: {error.strerror}")
            continue
        try:
            camera = query(str(node), descriptor, _ioctl)
        except OSError:
            continue  # not a V4L2 node
        finally:
            os.close(descriptor)
        if camera:
            found.append(camera)
    return found, errors


def _ioctl(descriptor: int, request: int, buffer: bytearray) -> object:
    return fcntl.ioctl(descriptor, request, buffer, True)


def query(node: str, descriptor: int, ioctl: Ioctl) -> Camera | None:
    """Ask the driver of a node for its name, formats and sizes.

    Args:
        node: The node's path, for the answer.
        descriptor: The open node.
        ioctl: Called as ioctl(descriptor, request, buffer); it fills the buffer.

    Returns:
        The camera; None where the node captures no pictures (a USB camera has such nodes too).

    Raises:
        OSError: The node is not a V4L2 node, or the camera is gone.
    """
    answer = bytearray(104)
    ioctl(descriptor, QUERYCAP, answer)
    _, card, _, _, of_device, of_node = struct.unpack_from("16s32s32sIII", answer)  # the last two: capabilities
    if not (of_node if of_device & DEVICE_CAPS else of_device) & CAPTURE:
        return None
    formats = []
    for index in range(MAX_ENTRIES):
        answer = bytearray(64)
        struct.pack_into("II", answer, 0, index, BUFFER_CAPTURE)
        if not _has_entry(ioctl, descriptor, ENUM_FMT, answer):
            break
        code = bytes(answer[44:48])
        formats.append(" ".join([code.decode("ascii", "replace"), *_sizes(descriptor, code, ioctl)]))
    return Camera(node, _text(card), tuple(formats))


def _sizes(descriptor: int, code: bytes, ioctl: Ioctl) -> list[str]:
    sizes = []
    for index in range(MAX_ENTRIES):
        answer = bytearray(44)
        struct.pack_into("I4s", answer, 0, index, code)
        if not _has_entry(ioctl, descriptor, ENUM_FRAMESIZES, answer):
            break
        kind, a, b, _, d, e, _ = struct.unpack_from("7I", answer, 8)
        if kind != DISCRETE:  # min width, max width, step, and the same for the height
            sizes.append(f"{a}x{d}-{b}x{e}")
            break
        sizes.append(f"{a}x{b}")
    return sizes


def _has_entry(ioctl: Ioctl, descriptor: int, request: int, answer: bytearray) -> bool:
    """Fill `answer` with an entry of a list; False at the list's end."""
    try:
        ioctl(descriptor, request, answer)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOTTY):  # the end of the list; a driver without this list
            return False
        raise
    return True


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("utf-8", "replace")
