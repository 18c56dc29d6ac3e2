"""What the doctor says of the machine itself. Nothing here imports anything heavy."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MIN_MEMORY_MIB, MIN_DISK_MIB = 64, 50  # a start of classify takes about 70 MiB, most of it shared
HOT_CELSIUS = 80.0  # where a Raspberry Pi lowers its clock
# vcgencmd get_throttled: bits 0 to 3 are now, 16 to 19 since the last start.
THROTTLED = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}
NEWEST_32_BIT_PYTHON = (3, 11)  # that tflite-runtime, the only interpreter for it, has wheels for


@dataclass(frozen=True)
class Check:
    """One thing looked at. state: "ok", "note" (works without) or "fault". remedy: the command or act that mends it."""

    name: str
    value: str
    state: str = "ok"
    remedy: str = ""


def is_raspberry_pi() -> bool:
    """What the device tree says; /proc/cpuinfo, where there is none, as in an emulated root."""
    return "Raspberry Pi" in text("/proc/device-tree/model") + text("/proc/cpuinfo")


def is_32_bit_arm() -> bool:
    """A 32-bit Python on Arm; under the 64-bit kernel of today's Raspberry Pi OS too, which calls itself aarch64."""
    return sys.maxsize < 2**32 and platform.machine().startswith(("arm", "aarch64"))


def check_machine() -> list[Check]:
    """Architecture, bits, C library, board, and the CPU's vector extensions."""
    bits = 64 if sys.maxsize > 2**32 else 32
    named = re.search(r"^Model\s*: (.*)$", text("/proc/cpuinfo"), re.MULTILINE)
    board = text("/proc/device-tree/model").strip("\0\n ") or (named[1] if named else "no device tree")
    libc = " ".join(platform.libc_ver()).strip() or "unknown C library"
    flags = set(re.findall(r"\b(?:neon|asimd|asimddp|i8mm|avx2|avx512_vnni|avx_vnni)\b", text("/proc/cpuinfo")))
    check = Check("machine", f"{platform.machine()}, {bits}-bit Python, {libc}, {board}")
    if is_32_bit_arm() and sys.version_info[:2] > NEWEST_32_BIT_PYTHON:
        remedy = "use a 64-bit system image: no interpreter has 32-bit wheels for this Python"
        check = Check(check.name, check.value, "fault", remedy)
    elif bits == 32:
        check = Check(check.name, check.value, "note", "a 64-bit system image runs LiteRT, which is faster")
    return [check, Check("cpu", f"{os.cpu_count()} cores, {' '.join(sorted(flags)) or 'no vector extension named'}")]


def check_display() -> list[Check]:
    """Whether --window has somewhere to show."""
    name = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    return [Check("display", name or "none: readings come as text")]


def check_memory() -> list[Check]:
    """Free memory; and whether the service's limit has an effect, which Raspberry Pi OS leaves switched off."""
    available = re.search(r"MemAvailable:\s+(\d+) kB", text("/proc/meminfo"))
    if not available:
        return [Check("memory", "unknown", "note")]
    mebibytes = int(available[1]) // 1024
    low = mebibytes < MIN_MEMORY_MIB
    remedy = "end other programs: ps aux --sort=-rss | head" if low else ""
    checks = [Check("memory", f"{mebibytes} MiB available", "fault" if low else "ok", remedy)]
    controllers = text("/sys/fs/cgroup/cgroup.controllers")
    if controllers and "memory" not in controllers.split():
        remedy = "sudo sed -i 's/$/ cgroup_enable=memory/' /boot/firmware/cmdline.txt, then start the board again"
        checks.append(Check("memory limit", "the kernel keeps none, the service's MemoryMax too", "note", remedy))
    return checks


def check_disk() -> list[Check]:
    """Free space where the project is."""
    mebibytes = shutil.disk_usage(Path(__file__).parent).free // 2**20
    low = mebibytes < MIN_DISK_MIB
    remedy = "make room: sudo apt clean; sudo journalctl --vacuum-size=50M" if low else ""
    return [Check("disk", f"{mebibytes} MiB free", "fault" if low else "ok", remedy)]


def check_heat() -> list[Check]:
    """Temperature, and whether the clock is throttled; nothing where neither can be asked."""
    checks = []
    reading = text("/sys/class/thermal/thermal_zone0/temp").strip()
    if reading.lstrip("-").isdigit():
        celsius = int(reading) / 1000
        hot = celsius >= HOT_CELSIUS
        remedy = "add a heat sink or a fan" if hot else ""
        checks.append(Check("temperature", f"{celsius:.0f} degrees C", "note" if hot else "ok", remedy))
    if shutil.which("vcgencmd"):
        try:
            done = subprocess.run(["vcgencmd", "get_throttled"], capture_output=True, text=True, timeout=5, check=False)
            checks.append(throttling(done.stdout))
        except subprocess.TimeoutExpired:
            checks.append(throttling(""))
    return checks


def throttling(answer: str) -> Check:
    """A check from what `vcgencmd get_throttled` prints, "throttled=0x50005"."""
    match = re.search(r"throttled=0x([0-9a-fA-F]+)", answer)
    if not match:
        return Check("throttling", "vcgencmd gives no answer", "note")
    bits = int(match[1], 16)
    now = [text for bit, text in THROTTLED.items() if bits >> bit & 1]
    before = [text for bit, text in THROTTLED.items() if bits >> (bit + 16) & 1]
    value = ", ".join(now) + " now" if now else ", ".join(before) + " since the last start" if before else "none"
    remedy = (
        "use the power supply made for this board" if bits & 0x10001 else "add a heat sink or a fan" if bits else ""
    )
    return Check("throttling", value, "fault" if now else "note" if before else "ok", remedy)


def text(path: str) -> str:
    """What a file says; "" where it is not there."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
