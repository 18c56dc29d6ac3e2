"""python -m tests.camera.stream_soak: a stream that is killed again and again while the wall clock jumps both ways.

`python -m runtime.camera http://127.0.0.1:... --json --every-frame` runs beside a server that shows one digit in each
life, hangs up in the middle of a part, drips a header or hangs in turn, and comes back with another digit. The camera's
wall clock is moved an hour back or forth at each life. Readings must come back each time, none may be of an earlier
life, and memory, descriptors and threads must stay as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.camera.soak import MEMORY_MB, ROOT, Use, use_of
from tests.runtime.sources.raw_server import RawServer

WARM_UP = 5  # lives
LIFE_S = 2.0
BACK_S = 40.0  # the longest that readings may take to come back: the pauses grow to 30 s for a stream that stays away
# Moves time.time of the camera by the seconds in a file; sitecustomize is imported at the start of every Python.
CLOCK = """
import os, time
real, path = time.time, os.environ["CLOCK_OFFSET"]
def shifted():
    try:
        with open(path) as file:
            return real() + float(file.read() or 0)
    except (OSError, ValueError):
        return real()
time.time = shifted
"""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
ENDS = (b"", b"--b\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0\0\x10", b"rubbish" * 5000)


class Lives:
    """A camera that shows one digit in each life. `number`: of the life, from 0."""

    def __init__(self, pictures: list[bytes]) -> None:
        self.number = 0
        self._pictures = pictures
        self._ended = threading.Event()
        self.server = RawServer(self._serve)

    @property
    def digit(self) -> int:
        return self.number % len(self._pictures)

    def kill(self) -> None:
        """End this life; the next one shows the next digit to whoever connects."""
        self.number += 1
        ended, self._ended = self._ended, threading.Event()
        ended.set()

    def _serve(self, connection: object, request: bytes) -> None:
        number, ended, send = self.number, self._ended, connection.sendall  # type: ignore[attr-defined]
        picture = self._pictures[self.digit]
        send(HEAD)
        while not ended.wait(1 / 15):
            send(b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture) + picture + b"\r\n")
        send(ENDS[number % len(ENDS)])


def pictures() -> list[bytes]:
    """A JPEG of each digit of the synthetic camera, by its label."""
    import cv2

    from runtime.sources.synthetic import FRAMES_PER_LABEL, draw

    return [cv2.imencode(".jpg", draw(FRAMES_PER_LABEL * digit, 320, 240))[1].tobytes() for digit in range(10)]


def _life(lives: Lives, lines: list[dict[str, object]], running: subprocess.Popen[str], stale: list[str]) -> bool:
    """Wait until this life's digit is read, then let it live on; False where it is not read in time."""
    begun, at = time.monotonic(), len(lines)
    seen_at = 0.0
    while running.poll() is None and time.monotonic() - begun < BACK_S:
        if at < len(lines):
            label = lines[at]["label"]
            at += 1
            if label == str(lives.digit):
                seen_at = seen_at or time.monotonic()
            elif label is not None and seen_at:
                stale.append(f"life {lives.number}: {label} after {lives.digit}")
        elif seen_at and time.monotonic() - seen_at > LIFE_S:
            return True
        else:
            time.sleep(0.02)
    return False


def watch(lives_wanted: int, seconds: float) -> tuple[list[Use], list[str], int]:
    """Run so many lives, or so long; what was held after each, what was stale, and how many came back."""
    lives, uses, stale, back = Lives(pictures()), list[Use](), list[str](), 0
    with tempfile.TemporaryDirectory() as folder, lives.server:
        (Path(folder) / "sitecustomize.py").write_text(CLOCK, encoding="utf-8")
        offset = Path(folder) / "offset"
        env = {**os.environ, "PYTHONPATH": folder, "CLOCK_OFFSET": str(offset)}
        words = [sys.executable, "-m", "runtime.camera", lives.server.url, "--json", "--every-frame"]
        lines: list[dict[str, object]] = []
        with subprocess.Popen(
            words, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as running:
            out = running.stdout

            def read() -> None:
                assert out is not None
                for text in out:
                    lines.append(json.loads(text))

            reader = threading.Thread(target=read, daemon=True)
            reader.start()
            end = time.monotonic() + seconds
            while lives.number < lives_wanted and time.monotonic() < end and running.poll() is None:
                back += _life(lives, lines, running, stale)
                with suppress(OSError):
                    uses.append(use_of(running.pid))
                offset.write_text(str((-3600, 0, 3600)[lives.number % 3]), encoding="ascii")
                lives.kill()
            running.terminate()
            running.wait(10)
    return uses, stale, back


def main() -> int:
    """Print what came of it; 1 where a reading did not come back, was stale, or something grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=60.0, help="the longest that it runs")
    options = parser.parse_args()
    uses, stale, back = watch(options.lives, 60 * options.minutes)
    warm = uses[WARM_UP:] or uses
    memory = [use.memory_mb for use in warm]
    print(f"lives        {len(uses)}, readings came back in {back}")
    print(f"stale        {len(stale)} {'; '.join(stale[:5])}")
    print(f"memory       {memory[0]:.1f} MB after {WARM_UP}, at most {max(memory):.1f}, at the end {memory[-1]:.1f}")
    print(f"descriptors  {min(u.descriptors for u in warm)} to {max(u.descriptors for u in warm)}")
    print(f"threads      {min(u.threads for u in warm)} to {max(u.threads for u in warm)}")
    flat = max(memory) - memory[0] <= 4 * MEMORY_MB and warm[-1].descriptors <= warm[0].descriptors + 1
    passed = back == len(uses) and not stale and flat
    print("result       " + ("passed" if passed else "FAILED"))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
