"""The project's wheel, and the wheels it needs on a board of another kind than this machine.

pip takes markers from the machine it runs on, whatever --platform says. So what is needed is worked out here,
with the board's markers, and pip only fetches: wheel after wheel, until nothing is missing.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename

from deploy.errors import DeployError
from deploy.target import Target

ROUNDS = 10  # of fetching; what needs more has requirements that chase each other
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")


@dataclass
class Need:
    """All that is asked of one package: its versions and its extras."""

    specifier: SpecifierSet = field(default_factory=SpecifierSet)
    extras: set[str] = field(default_factory=set)


def build(root: Path, folder: Path) -> Path:
    """Build the project's wheel into `folder`, where it is not there yet. The same files always give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp, made_of = folder / "edge_classifier.sources", sources(root)
    found = list(folder.glob("edge_classifier-*.whl"))
    if len(found) == 1 and stamp.exists() and stamp.read_text(encoding="utf-8") == made_of:
        return found[0]
    for old in [*found, *folder.glob(stamp.name)]:
        old.unlink()
    _run([*PIP, "wheel", "--no-deps", "-w", str(folder), str(root)], "the wheel cannot be built")
    stamp.write_text(made_of, encoding="utf-8")
    (wheel,) = folder.glob("edge_classifier-*.whl")
    return wheel


def sources(root: Path) -> str:
    """One sum of everything that the wheel is made of."""
    paths = [path for path in (root / "runtime").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    total = hashlib.sha256()
    for path in [*sorted(paths), *(root / name for name in ("pyproject.toml", "README.md", "LICENSE"))]:
        data = path.read_bytes()
        total.update(f"{path.relative_to(root)} {len(data)}\n".encode() + data)
    return total.hexdigest()


def requirements(wheel: Path, target: Target, extras: Iterable[str] = ()) -> list[Requirement]:
    """What a wheel asks for on that board, with those extras."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA"))
        headers = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
    asked = [Requirement(text) for text in headers.get_all("Requires-Dist", [])]
    wanted = [r for r in asked if _applies(r, target, list(extras))]
    return [r for r in wanted if canonicalize_name(r.name) not in target.from_distribution]


def _applies(requirement: Requirement, target: Target, extras: list[str]) -> bool:
    """Whether a requirement holds there: asked for by one of the extras, or always and ruled out by none of them."""
    marker = requirement.marker
    if marker is None:
        return True
    with_each = [marker.evaluate({**target.markers(), "extra": extra}) for extra in extras]
    return all(with_each) if marker.evaluate({**target.markers(), "extra": ""}) else any(with_each)


def collect(wheel: Path, target: Target, extras: Iterable[str], folder: Path) -> list[Path]:
    """Every wheel that `wheel` needs on that board, in `folder`; what is there already is taken. Sorted by name."""
    folder.mkdir(parents=True, exist_ok=True)
    needs: dict[str, Need] = {}
    _add(needs, requirements(wheel, target, extras))
    for _ in range(ROUNDS):
        chosen = {name: _at_hand(folder, name, need) for name, need in needs.items()}
        missing = [f"{name}{needs[name].specifier}" for name, path in chosen.items() if path is None]
        if missing:
            _fetch(missing, target, folder)
            continue
        before = repr(needs)
        for name, path in chosen.items():
            if path is not None:
                _add(needs, requirements(path, target, needs[name].extras))
        if repr(needs) == before:
            return sorted(path for path in chosen.values() if path is not None)
    raise DeployError(f"the wheels for {target} do not fit together: {', '.join(sorted(needs))}")


def _add(needs: dict[str, Need], asked: Iterable[Requirement]) -> None:
    for requirement in asked:
        need = needs.setdefault(canonicalize_name(requirement.name), Need())
        need.specifier &= requirement.specifier
        need.extras |= requirement.extras


def _at_hand(folder: Path, name: str, need: Need) -> Path | None:
    """The newest wheel in the folder that is what is asked for."""
    fits = []
    for path in folder.glob("*.whl"):
        found, version, _, _ = parse_wheel_filename(path.name)
        if found == name and need.specifier.contains(version):
            fits.append((version, path))
    return max(fits)[1] if fits else None


def _fetch(missing: list[str], target: Target, folder: Path) -> None:
    platforms = [word for tag in target.platforms() for word in ("--platform", tag)]
    words = [*PIP, "download", "--no-deps", "--only-binary", ":all:", "--implementation", "cp"]
    words += ["--python-version", f"3.{target.python}", *platforms, "-d", str(folder), *missing]
    _run(words, f"no wheels for {target}")


def _run(words: list[str], problem: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr]
        raise DeployError(f"{problem}: {' '.join(said)[-600:]}")
