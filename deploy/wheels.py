"""The project's wheel, and the wheels it needs on a board of another kind than this machine.

uv resolves by the board's markers and platform tags. pip cannot: it takes markers from the machine it runs on, whatever
--platform says. uv in turn does not fetch without installing. So uv pins versions with their hashes, and pip fetches.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from deploy.errors import DeployError
from deploy.target import Target

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
UV = (sys.executable, "-m", "uv", "-q")
# An extra can only add. A board has one interpreter: with this extra, that package is left out.
REPLACED_BY_EXTRA = {"tflite-runtime": "ai-edge-litert"}
# uv ignores upper bounds in Requires-Python and pip does not, so versions that pip refuses are excluded here.
# backports-strenum, which LiteRT requires, is for Python 3.10 and older from 1.3 on.
CONSTRAINTS = ("backports-strenum<1.3; python_version >= '3.11'",)
LOCK, INPUTS = "requirements.txt", "requirements.inputs"


def build(root: Path, folder: Path) -> Path:
    """Build the project's wheel where its sources have changed. The same sources always give the same bytes.

    Args:
        root: The checkout.
        folder: Where the wheel is kept.

    Returns:
        The path of the wheel.

    Raises:
        DeployError: The build failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stamp, current = folder / "edge_classifier.sources", source_digest(root)
    found = list(folder.glob("edge_classifier-*.whl"))
    if len(found) == 1 and stamp.exists() and stamp.read_text(encoding="utf-8") == current:
        return found[0]
    for old in [*found, *folder.glob(stamp.name)]:
        old.unlink()
    _run([*PIP, "wheel", "-q", "--no-deps", "-w", str(folder), str(root)], "the wheel cannot be built")
    stamp.write_text(current, encoding="utf-8")
    (wheel,) = folder.glob("edge_classifier-*.whl")
    return wheel


def source_digest(root: Path) -> str:
    """Compute the SHA-256 of everything in a checkout that the wheel is built from.

    Args:
        root: Root of the checkout.

    Returns:
        The digest in hexadecimal.
    """
    paths = [path for path in (root / "runtime").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    total = hashlib.sha256()
    for path in [*sorted(paths), *(root / name for name in ("pyproject.toml", "README.md", "LICENSE"))]:
        data = path.read_bytes()
        total.update(f"{path.relative_to(root)} {len(data)}\n".encode() + data)
    return total.hexdigest()


def collect(wheel: Path, target: Target, extras: Iterable[str], folder: Path) -> list[Path]:
    """Resolve and fetch every wheel that `wheel` needs on a board.

    Versions stay pinned until the wheel's requirements change, and wheels that were fetched before are used again;
    then no network is needed.

    Args:
        wheel: The project's wheel.
        target: The kind of board.
        extras: Extras of the project.
        folder: Where the pins and the wheels are kept, for this target and these extras alone.

    Returns:
        The paths of the wheels, sorted by name. `wheel` is not among them.

    Raises:
        DeployError: An extra is unknown, or there are no wheels that fit together on such a board.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock, inputs = folder / LOCK, folder / INPUTS
    metadata = _metadata(wheel)
    names = sorted(set(extras))
    _check_extras(metadata, names)
    current = "\n".join([str(target), *names, *CONSTRAINTS, *metadata.get_all("Requires-Dist", [])])
    if not lock.exists() or not inputs.exists() or inputs.read_text(encoding="utf-8") != current:
        _resolve(wheel, target, names, lock)
        inputs.write_text(current, encoding="utf-8")
    return _pinned_wheels(lock) or _fetch(lock, target)


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode("utf-8"))


def _check_extras(metadata: Message, extras: list[str]) -> None:
    known = metadata.get_all("Provides-Extra", [])
    if unknown := [name for name in extras if name not in known]:
        raise DeployError(f"expected extras of {', '.join(known) or 'none'}; received {', '.join(unknown)}")


def _resolve(wheel: Path, target: Target, extras: list[str], lock: Path) -> None:
    """Pin what the wheel needs there, with the hashes of every file of each version, into `lock`."""
    folder = lock.parent
    name = _metadata(wheel)["Name"]
    excluded = target.distribution_packages | {REPLACED_BY_EXTRA[e] for e in extras if e in REPLACED_BY_EXTRA}
    files = {
        "requirements.in": [f"{name}[{','.join(extras)}] @ {wheel.resolve().as_uri()}"],
        "excludes.txt": sorted(excluded),
        "constraints.txt": CONSTRAINTS,
    }
    for file, lines in files.items():
        (folder / file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    words = [*UV, "pip", "compile", "requirements.in", "-o", lock.name, "--generate-hashes", "--only-binary", ":all:"]
    words += ["--excludes", "excludes.txt", "--constraints", "constraints.txt", "--no-emit-package", name]
    words += ["--no-header", "--no-annotate", "--python", sys.executable, "--python-version", target.python_version]
    pip = _pip_settings()
    no_index = ["--no-index"] if pip.get("no-index", "").lower() in ("1", "true", "yes", "on") else []
    words += [*_platform_options(target, folder), *no_index]
    _run(words, f"no wheels for {target}", cwd=folder, env=_uv_environment(pip))
    # The markers are true on the board only, and pip would evaluate them on this machine.
    lock.write_text(re.sub(r" ;[^\\\n]*", "", lock.read_text(encoding="utf-8")), encoding="utf-8")


def _platform_options(target: Target, folder: Path) -> list[str]:
    """The options that tell uv which board it resolves for.

    uv 0.13 has no --python-platform for 32-bit Arm. There it resolves for all platforms at once, limited to the board
    by a marker (environments) and by the wheels that must exist (required-environments). uv reads these two from a
    pyproject.toml only.
    """
    platform = target.uv_platform()
    if platform:
        return ["--python-platform", platform]
    lines = [f'{name} = ["{target.marker()}"]\n' for name in ("environments", "required-environments")]
    (folder / "pyproject.toml").write_text("[tool.uv]\n" + "".join(lines), encoding="utf-8")
    return ["--universal"]


def _pip_settings() -> dict[str, str]:
    """What pip is set to, by files or by the environment, such as {"index-url": "..."}."""
    done = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=False)
    found = re.findall(r"^(global|:env:)\.([\w-]+)=(.*)$", done.stdout, re.MULTILINE)
    settings: dict[str, str] = {}
    for place in ("global", ":env:"):  # the environment decides
        settings |= {name: str(ast.literal_eval(value)) for where, name, value in found if where == place}
    return settings


def _uv_environment(pip: dict[str, str]) -> dict[str, str]:
    """Translate pip's indexes for uv, which does not read pip's settings. Passwords stay off the command line."""
    own = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INDEX_STRATEGY": "unsafe-best-match",  # as pip: the best version of all indexes together
        "SSL_CERT_FILE": pip.get("cert", ""),
    }
    return {**os.environ, **{name: value for name, value in own.items() if value}}


def _fetch(lock: Path, target: Target) -> list[Path]:
    words = [*PIP, "download", "-q", "--no-deps", "--require-hashes", "-r", str(lock), "-d", str(lock.parent)]
    words += ["--only-binary", ":all:", "--implementation", "cp", "--python-version", target.python_version]
    words += [word for tag in target.platform_tags() for word in ("--platform", tag)]
    _run(words, f"no wheels for {target}")
    return _pinned_wheels(lock)


def _pinned_wheels(lock: Path) -> list[Path]:
    """The wheels beside a lock file that it has the hashes of, sorted by name; [] where one is missing or damaged."""
    text = lock.read_text(encoding="utf-8")
    hashes = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", text))
    found = sorted(p for p in lock.parent.glob("*.whl") if hashlib.sha256(p.read_bytes()).hexdigest() in hashes)
    return found if len(found) == len(re.findall(r"^[\w.-]+==", text, re.MULTILINE)) else []


def _run(words: list[str], problem: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr]
        raise DeployError(f"{problem}: {' '.join(' '.join(said).split())[:600]}")
