"""Checks of the machine itself. Nothing heavy is imported here."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MIN_MEMORY_MIB = 64  # a start of classify takes about 70 MiB, most of it shared
MIN_DISK_MIB = 50
HOT_CELSIUS = 80.0  # where a Raspberry Pi lowers its clock
VCGENCMD_TIMEOUT_S = 5
# vcgencmd get_throttled: bits 0 to 3 are now, 16 to 19 since the last start.
THROTTLED = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}
UNDER_VOLTAGE = 0x10001  # bit 0, now and since the last start
NEWEST_32_BIT_PYTHON = (3, 11)  # that tflite-runtime, the only interpreter for it, has wheels for


@dataclass(frozen=True)
class Check:
    """One thing the doctor looked at.

    Attributes:
        name: What was looked at.
        value: What was found.
        state: "ok", "note" (something is missing or slow, the runtime works without) or "fault".
        remedy: The command or action that repairs it; "" where nothing is to be done.
    """

    name: str
    value: str
    state: str = "ok"
    remedy: str = ""


def is_raspberry_pi() -> bool:
    """Whether the board is a Raspberry Pi.

    Returns:
        What the device tree says; /proc/cpuinfo where there is none, as in an emulated root.
    """
    return "Raspberry Pi" in read_text("/proc/device-tree/model") + read_text("/proc/cpuinfo")


def is_32_bit_arm() -> bool:
    """Whether this is a 32-bit Python on Arm.

    Returns:
        True under the 64-bit kernel of today's Raspberry Pi OS too, where the machine is named aarch64.
    """
    return sys.maxsize < 2**32 and platform.machine().startswith(("arm", "aarch64"))


def check_machine() -> list[Check]:
    """Architecture, bits, C library, board, and the CPU's vector extensions.

    Returns:
        "machine" and "cpu".
    """
    bits = 64 if sys.maxsize > 2**32 else 32
    cpuinfo = read_text("/proc/cpuinfo")
    model = re.search(r"^Model\s*: (.*)$", cpuinfo, re.MULTILINE)
    board = read_text("/proc/device-tree/model").strip("\0\n ") or (model[1] if model else "no device tree")
    libc = " ".join(platform.libc_ver()).strip() or "unknown C library"
    extensions = set(re.findall(r"\b(?:neon|asimd|asimddp|i8mm|avx2|avx512_vnni|avx_vnni)\b", cpuinfo))
    check = Check("machine", f"{platform.machine()}, {bits}-bit Python, {libc}, {board}")
    if is_32_bit_arm() and sys.version_info[:2] > NEWEST_32_BIT_PYTHON:
        remedy = "use a 64-bit system image: no interpreter has 32-bit wheels for this Python"
        check = Check(check.name, check.value, "fault", remedy)
    elif bits == 32:
        check = Check(check.name, check.value, "note", "a 64-bit system image runs LiteRT, which is faster")
    cpu = f"{os.cpu_count()} cores, {' '.join(sorted(extensions)) or 'no vector extension named'}"
    return [check, Check("cpu", cpu)]


def check_display() -> list[Check]:
    """The display that --window would show on.

    Returns:
        "display", always ok.
    """
    name = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    return [Check("display", name or "none: readings come as text")]


def check_memory() -> list[Check]:
    """Free memory; and whether the service's memory limit has an effect, which Raspberry Pi OS leaves switched off.

    Returns:
        "memory", and "memory limit" where the kernel enforces none.
    """
    available = re.search(r"MemAvailable:\s+(\d+) kB", read_text("/proc/meminfo"))
    if not available:
        return [Check("memory", "unknown", "note")]
    mebibytes = int(available[1]) // 1024
    is_low = mebibytes < MIN_MEMORY_MIB
    remedy = "end other programs: ps aux --sort=-rss | head" if is_low else ""
    checks = [Check("memory", f"{mebibytes} MiB available", "fault" if is_low else "ok", remedy)]
    controllers = read_text("/sys/fs/cgroup/cgroup.controllers")
    if controllers and "memory" not in controllers.split():
        remedy = "sudo sed -i 's/$/ cgroup_enable=memory/' /boot/firmware/cmdline.txt, then start the board again"
        checks.append(
            Check("memory limit", "the kernel enforces none, so the service's MemoryMax has no effect", "note", remedy)
        )
    return checks


def check_disk() -> list[Check]:
    """Free space on the disk of this package.

    Returns:
        "disk".
    """
    mebibytes = shutil.disk_usage(Path(__file__).parent).free // 2**20
    is_low = mebibytes < MIN_DISK_MIB
    remedy = "make room: sudo apt clean; sudo journalctl --vacuum-size=50M" if is_low else ""
    return [Check("disk", f"{mebibytes} MiB free", "fault" if is_low else "ok", remedy)]


def check_heat() -> list[Check]:
    """Temperature, and whether the clock is throttled.

    Returns:
        "temperature" and "throttling", as far as the board tells them; empty where it tells neither.
    """
    checks = []
    reading = read_text("/sys/class/thermal/thermal_zone0/temp").strip()
    if reading.lstrip("-").isdigit():
        celsius = int(reading) / 1000
        is_hot = celsius >= HOT_CELSIUS
        remedy = "add a heat sink or a fan" if is_hot else ""
        checks.append(Check("temperature", f"{celsius:.0f} degrees C", "note" if is_hot else "ok", remedy))
    if shutil.which("vcgencmd"):
        words = ["vcgencmd", "get_throttled"]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=VCGENCMD_TIMEOUT_S, check=False)
            checks.append(throttling(done.stdout))
        except subprocess.TimeoutExpired:
            checks.append(throttling(""))
    return checks


def throttling(answer: str) -> Check:
    """Whether the firmware lowers the clock, by its own word.

    Args:
        answer: What `vcgencmd get_throttled` prints.

    Returns:
        "throttling": a fault while the clock is lowered, a note where it was since the last start.

    Example:
        >>> throttling("throttled=0x50005").value
        'under-voltage, throttled now'
    """
    match = re.search(r"throttled=0x([0-9a-fA-F]+)", answer)
    if not match:
        return Check("throttling", "vcgencmd gives no answer", "note")
    bits = int(match[1], 16)
    now = [text for bit, text in THROTTLED.items() if bits >> bit & 1]
    before = [text for bit, text in THROTTLED.items() if bits >> (bit + 16) & 1]
    value = ", ".join(now) + " now" if now else ", ".join(before) + " since the last start" if before else "none"
    cooling = "add a heat sink or a fan" if bits else ""
    remedy = "use the power supply made for this board" if bits & UNDER_VOLTAGE else cooling
    return Check("throttling", value, "fault" if now else "note" if before else "ok", remedy)


def read_text(path: str) -> str:
    """The text of a file.

    Args:
        path: Path of the file.

    Returns:
        Its text; "" where it cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
