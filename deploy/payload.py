"""The payload of a deployment: wheels, model, service, settings and the script that installs them, in one folder."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy import wheels
from deploy.errors import DeployError
from deploy.target import Target
from runtime.tflite.card_file import split_card

DEVICE = Path(__file__).parent / "device"
MANIFEST, MODEL, INSTALLER = "payload.json", "model.tflite", "install.py"
OWN_FILES = (INSTALLER, "edge-classifier.service", "edge-classifier.conf")


@dataclass(frozen=True)
class Payload:
    """The files that a board is sent, and what its manifest says of them.

    Attributes:
        folder: The folder of the files; the manifest is one of them.
        release: Name of the release: the version and a digest of everything in it.
        environment: Name of the virtual environment: the target and a digest of its wheels.
        sha256: Name of each file but the manifest -> its SHA-256 in hexadecimal.
        dependencies: Names of the wheels that are not the project's own.
    """

    folder: Path
    release: str
    environment: str
    sha256: dict[str, str]
    dependencies: tuple[str, ...]

    def files(self) -> list[str]:
        """List the files of the manifest.

        Returns:
            Their names: the project's own first, then the dependencies.
        """
        return [*sorted(set(self.sha256) - set(self.dependencies)), *self.dependencies]


def assemble(root: Path, target: Target, extras: Sequence[str], model: Path, build: Path) -> Payload:
    """Build and fetch everything that a board needs, and copy it into one folder.

    Args:
        root: The checkout.
        target: The kind of board.
        extras: Extras of the project, such as "mqtt".
        model: A .tflite with its card.
        build: Folder for the wheels and the payload.

    Returns:
        The payload, in a folder under `build`.

    Raises:
        DeployError: The wheel, or a wheel it needs, cannot be had; or the model cannot be proven on a board.
        ModelError: The model file is damaged.
    """
    check_model(model)
    wheel = wheels.build(root, build)
    kind = "+".join([str(target), *sorted(extras)])
    needed = wheels.collect(wheel, target, extras, build / "wheels" / kind)
    folder = build / "payload" / kind
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in (wheel, *needed, *(DEVICE / name for name in OWN_FILES)):
        shutil.copyfile(path, folder / path.name)
    shutil.copyfile(model, folder / MODEL)
    return write_manifest(folder, target, wheel.name, [path.name for path in needed])


def check_model(model: Path) -> None:
    """Check that a board can prove a model: its card has golden vectors.

    Args:
        model: A .tflite.

    Raises:
        DeployError: The file cannot be read, or has no golden vectors.
        ModelError: The file is damaged.
    """
    try:
        card = split_card(model.read_bytes())[1]
    except OSError as error:
        raise DeployError(f"cannot read model {model}: {error.strerror}") from None
    if card is None or not card.golden:
        raise DeployError(
            f"expected a model whose card has golden vectors; {model} has none, so nothing could be proven on the "
            "board. Make it with: make convert"
        )


def write_manifest(folder: Path, target: Target, wheel: str, dependencies: Sequence[str]) -> Payload:
    """Write the manifest of a folder.

    Args:
        folder: The folder, complete but for the manifest.
        target: The board it is for.
        wheel: Name of the project's wheel there.
        dependencies: Names of the other wheels there.

    Returns:
        The payload that the folder now is.
    """
    sums = {path.name: digest(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST}
    environment = f"{target}-{_short_digest([sums[name] for name in dependencies])}"
    own = [sums[name] for name in sorted(set(sums) - set(dependencies))]
    release = f"{wheel.split('-')[1]}-{_short_digest([environment, *own])}"
    manifest = {
        "release": release,
        "environment": environment,
        "machine": target.machine,
        "python": f"3.{target.python}",
        "wheel": wheel,
        "model": MODEL,
        "dependencies": list(dependencies),
        "sha256": sums,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return Payload(folder, release, environment, sums, tuple(dependencies))


def digest(path: Path) -> str:
    """Compute the SHA-256 of a file.

    Args:
        path: Path of the file.

    Returns:
        The digest in hexadecimal.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _short_digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


def pack(payload: Payload, archive: Path, name: str) -> None:
    """Write a payload as a tar archive. The same payload always gives the same bytes.

    Args:
        payload: What to pack.
        archive: Path of the archive, which is not compressed: wheels are.
        name: The folder that it unpacks to.
    """
    part = archive.with_suffix(".part")
    with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
        for file in (*payload.files(), MANIFEST):
            data = (payload.folder / file).read_bytes()
            info = tarfile.TarInfo(f"{name}/{file}")
            info.size, info.mode = len(data), 0o755 if file == INSTALLER else 0o644
            tar.addfile(info, io.BytesIO(data))
    part.replace(archive)
