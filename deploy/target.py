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
# The minors of glibc 2 that uv has a --python-platform for. A newer board runs what an older one does.
UV_GLIBC_MINORS = (17, 28, *range(31, 41))


@dataclass(frozen=True)
class Target:
    """A kind of board, named as in `aarch64-py311`.

    Attributes:
        machine: What `uname -m` prints on a board of that many bits.
        python: Minor version of Python 3.
        glibc: Minor version of glibc 2.
    """

    machine: str
    python: int
    glibc: int

    def __str__(self) -> str:
        return f"{self.machine}-py3{self.python}"

    @property
    def python_version(self) -> str:
        """The version of Python, such as "3.11"."""
        return f"3.{self.python}"

    @property
    def distribution_packages(self) -> frozenset[str]:
        """Packages that have no wheels for this machine, and come from its distribution."""
        return frozenset({"numpy", "opencv-python-headless"} if self.machine == "armv7l" else ())

    def platform_tags(self) -> list[str]:
        """List the platform tags of wheels that run there.

        Returns:
            Tags as `pip download --platform` takes them, newest first.
        """
        tags = [f"manylinux_2_{minor}_{self.machine}" for minor in range(self.glibc, OLDEST_MANYLINUX_MINOR - 1, -1)]
        return [*tags, f"{OLDEST_ALIAS}_{self.machine}"]

    def uv_platform(self) -> str | None:
        """Name the board as `uv pip compile --python-platform` does.

        Returns:
            The name; None for 32-bit Arm, for which uv has none.
        """
        if self.machine == "armv7l":
            return None
        return f"{self.machine}-manylinux_2_{max(minor for minor in UV_GLIBC_MINORS if minor <= self.glibc)}"

    def marker(self) -> str:
        """Write the PEP 508 marker that is true on this kind of board and on no other.

        Returns:
            The marker.
        """
        return (
            f"platform_machine == '{self.machine}' and sys_platform == 'linux' "
            "and platform_python_implementation == 'CPython' "
            f"and python_full_version >= '3.{self.python}' and python_full_version < '3.{self.python + 1}'"
        )


def parse(text: str) -> Target:
    """Find a target by its name, with the glibc of the distribution that has that Python.

    Args:
        text: Such as "aarch64-py311".

    Returns:
        The target.

    Raises:
        DeployError: The text is not the name of a target.
    """
    match = re.fullmatch(r"(\w+)-py3(\d+)", text)
    if not match or match[1] not in MACHINES or int(match[2]) not in GLIBC_MINOR:
        raise DeployError(f"{EXAMPLE}; received {text or 'nothing'}")
    return Target(match[1], int(match[2]), GLIBC_MINOR[int(match[2])])


def from_board(machine: str, python: str, glibc: str, bits: int) -> Target:
    """Find the target that a board is, by what the board says of itself.

    Args:
        machine: What `uname -m` prints there, such as "aarch64".
        python: Its version of Python, such as "3.11".
        glibc: Its version of glibc, such as "2.36"; "" where it has another C library.
        bits: Width of a pointer of its Python: 32 or 64.

    Returns:
        The target.

    Raises:
        DeployError: There are no wheels for such a board.
    """
    if bits == 32 and machine in ("aarch64", "armv8l"):
        machine = "armv7l"  # a 32-bit system under the 64-bit kernel that boards are given today
    versions = re.fullmatch(r"3\.(\d+) 2\.(\d+)", f"{python} {glibc}")
    if (
        machine not in MACHINES
        or not versions
        or int(versions[1]) not in GLIBC_MINOR
        or int(versions[2]) < OLDEST_MANYLINUX_MINOR
    ):
        raise DeployError(
            f"expected a board of {', '.join(MACHINES)} with Python 3.10 to 3.13 and glibc; "
            f"received {machine}, Python {python}, C library {glibc or 'unknown'}"
        )
    return Target(machine, int(versions[1]), int(versions[2]))
