"""What a board is, as far as wheels go: its machine, its Python, its C library."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploy.errors import DeployError

MACHINES = ("aarch64", "armv7l", "x86_64")
EXAMPLE = "expected MACHINE-pyVERSION such as aarch64-py311 (Bookworm), aarch64-py313 (Trixie) or armv7l-py311"
# glibc of the distribution that has this Python: Ubuntu 22.04, Bookworm, Ubuntu 24.04, Trixie.
GLIBC_MINOR = {10: 35, 11: 36, 12: 39, 13: 41}
# PEP 600's oldest, and the newest older name for the same (PEP 599).
OLDEST_MANYLINUX_MINOR, OLDEST_ALIAS = 17, "manylinux2014"


@dataclass(frozen=True)
class Target:
    """machine: as `uname -m` says on a board of that many bits. python: minor of Python 3. glibc: minor of glibc 2."""

    machine: str
    python: int
    glibc: int

    def __str__(self) -> str:
        return f"{self.machine}-py3{self.python}"

    @property
    def from_distribution(self) -> frozenset[str]:
        """Packages that have no wheels for this machine, and come from its distribution."""
        return frozenset({"numpy", "opencv-python-headless"} if self.machine == "armv7l" else ())

    def platforms(self) -> list[str]:
        """The platform tags of wheels that run there, as pip takes them."""
        tags = [f"manylinux_2_{minor}_{self.machine}" for minor in range(self.glibc, OLDEST_MANYLINUX_MINOR - 1, -1)]
        return [*tags, f"{OLDEST_ALIAS}_{self.machine}"]

    def markers(self) -> dict[str, str]:
        """The environment that PEP 508 markers are evaluated in: the board's, not this machine's."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"3.{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"3.{self.python}.0",
            "python_version": f"3.{self.python}",
            "sys_platform": "linux",
        }


def parse(text: str) -> Target:
    """A target by its name, for the distribution that has that Python. Raises DeployError."""
    match = re.fullmatch(r"(\w+)-py3(\d+)", text)
    if not match or match[1] not in MACHINES or int(match[2]) not in GLIBC_MINOR:
        raise DeployError(f"{EXAMPLE}; received {text or 'nothing'}")
    return Target(match[1], int(match[2]), GLIBC_MINOR[int(match[2])])


def of_board(machine: str, python: str, glibc: str, bits: int) -> Target:
    """The target that a board is: "aarch64", "3.11", "2.36", 64. Raises DeployError where no wheels are for it."""
    if bits == 32 and machine in ("aarch64", "armv8l"):
        machine = "armv7l"  # a 32-bit system under the 64-bit kernel that boards are given today
    versions = re.fullmatch(r"3\.(\d+) 2\.(\d+)", f"{python} {glibc}")
    if machine not in MACHINES or not versions or int(versions[1]) not in GLIBC_MINOR:
        raise DeployError(
            f"expected a board of {', '.join(MACHINES)} with Python 3.10 to 3.13 and glibc; "
            f"received {machine}, Python {python}, C library {glibc or 'unknown'}"
        )
    return Target(machine, int(versions[1]), int(versions[2]))
