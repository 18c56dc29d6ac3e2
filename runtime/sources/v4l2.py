"""What cameras there are and what they can do, asked of the kernel (linux/videodev2.h). For --list alone."""

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
MOST = 64  # formats of a camera, sizes of a format

Ioctl = Callable[[int, int, bytearray], object]


@dataclass(frozen=True)
class Camera:
    """A node that gives pictures. formats: such as "MJPG 640x480 1280x720"."""

    node: str
    name: str
    formats: tuple[str, ...]


def cameras(folder: Path = Path("/dev")) -> tuple[list[Camera], list[str]]:
    """(the cameras found, what kept others from being looked at), in the order of their numbers."""
    nodes = sorted(folder.glob("video*"), key=lambda p: int(re.sub(r"\D", "", p.name) or 0))
    found, problems = [], []
    for node in nodes:
        try:
            descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK)
        except OSError as error:
            problems.append(f"{node}: {error.strerror}")
            continue
        try:
            camera = ask(str(node), descriptor, _ioctl)
        except OSError:
            continue  # not a V4L2 node
        finally:
            os.close(descriptor)
        if camera:
            found.append(camera)
    return found, problems


def _ioctl(descriptor: int, request: int, buffer: bytearray) -> object:
    return fcntl.ioctl(descriptor, request, buffer, True)


def ask(node: str, descriptor: int, ioctl: Ioctl) -> Camera | None:
    """What the driver says of a node; None where it captures nothing (a USB camera has such nodes too)."""
    answer = bytearray(104)
    ioctl(descriptor, QUERYCAP, answer)
    _, card, _, _, everything, this_node = struct.unpack_from("16s32s32sIII", answer)
    if not (this_node if everything & DEVICE_CAPS else everything) & CAPTURE:
        return None
    formats = []
    for index in range(MOST):
        answer = bytearray(64)
        struct.pack_into("II", answer, 0, index, BUFFER_CAPTURE)
        if not _more(ioctl, descriptor, ENUM_FMT, answer):
            break
        code = bytes(answer[44:48])
        formats.append(" ".join([code.decode("ascii", "replace"), *_sizes(descriptor, code, ioctl)]))
    return Camera(node, _text(card), tuple(formats))


def _sizes(descriptor: int, code: bytes, ioctl: Ioctl) -> list[str]:
    sizes = []
    for index in range(MOST):
        answer = bytearray(44)
        struct.pack_into("I4s", answer, 0, index, code)
        if not _more(ioctl, descriptor, ENUM_FRAMESIZES, answer):
            break
        kind, a, b, _, d, e, _ = struct.unpack_from("7I", answer, 8)
        if kind != DISCRETE:  # min width, max width, step, and the same for the height
            sizes.append(f"{a}x{d}-{b}x{e}")
            break
        sizes.append(f"{a}x{b}")
    return sizes


def _more(ioctl: Ioctl, descriptor: int, request: int, answer: bytearray) -> bool:
    try:
        ioctl(descriptor, request, answer)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOTTY):  # the end of the list; a driver without one
            return False
        raise
    return True


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("utf-8", "replace")
