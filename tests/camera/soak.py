"""python -m tests.camera.soak: hundreds of thousands of frames through the command, and what it holds on to.

The whole of `python -m runtime.camera fake://digits --json`, watched from outside: resident memory, file
descriptors and threads once its first thousand frames are over, and from then on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
WARM_UP = 1000  # frames
EVERY = 500
MEMORY_MB = 2.0


@dataclass(frozen=True)
class Use:
    """What a process holds. memory_mb: resident."""

    memory_mb: float
    descriptors: int
    threads: int


def use_of(pid: int) -> Use:
    """What /proc says of a process."""
    proc = Path(f"/proc/{pid}")
    pages = int((proc / "statm").read_text(encoding="ascii").split()[1])
    return Use(
        pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
        len(list((proc / "fd").iterdir())),
        len(list((proc / "task").iterdir())),
    )


def watch(
    frames: int,
    width: int = 640,
    height: int = 480,
    more: tuple[str, ...] = (),
    warm_up: int = WARM_UP,
    every: int = EVERY,
) -> list[Use]:
    """Run so many frames; what was held after `warm_up` of them and then after every `every`."""
    words = ["fake://digits", "--fps", "1000", "--width", str(width), "--height", str(height), "--json", *more]
    line = [sys.executable, "-m", "runtime.camera", *words]
    uses = []
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for number, text in enumerate(running.stdout, start=1):
            if number >= warm_up and (number - warm_up) % every == 0:
                assert json.loads(text)["state"] in ("ok", "recovered", "stale")
                uses.append(use_of(running.pid))
                if number >= frames:
                    break
        running.terminate()
        running.communicate()
    assert running.returncode == 0
    return uses


def main() -> int:
    """Print what was held; 1 where it grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=200_000)
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--height", type=int, default=240)
    options = parser.parse_args()
    uses = watch(options.frames, options.width, options.height)
    first, memory = uses[0], [use.memory_mb for use in uses]
    flat = all((use.descriptors, use.threads) == (first.descriptors, first.threads) for use in uses)
    print(f"{options.frames:,} frames of {options.width}x{options.height}")
    print(
        f"memory       {first.memory_mb:.1f} MB after {WARM_UP}, at most {max(memory):.1f}, at the end {memory[-1]:.1f}"
    )
    print(f"descriptors  {min(u.descriptors for u in uses)} to {max(u.descriptors for u in uses)}")
    print(f"threads      {min(u.threads for u in uses)} to {max(u.threads for u in uses)}")
    grew = max(memory) - first.memory_mb > MEMORY_MB
    print("result       " + ("FAILED" if grew or not flat else "passed"))
    return 1 if grew or not flat else 0


if __name__ == "__main__":
    sys.exit(main())
