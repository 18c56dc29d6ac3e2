"""What a board is given: wheels, model, service, settings and the script that installs them, in one folder."""

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
from runtime.tflite.card import split_card

DEVICE = Path(__file__).parent / "device"
MANIFEST, MODEL, INSTALLER = "payload.json", "model.tflite", "install.py"
OWN_FILES = (INSTALLER, "edge-classifier.service", "edge-classifier.conf")


@dataclass(frozen=True)
class Payload:
    """folder: where the files lie, `manifest` among them. dependencies: names of wheels that are not the project's."""

    folder: Path
    release: str
    environment: str
    sha256: dict[str, str]
    dependencies: tuple[str, ...]

    def files(self) -> list[str]:
        """Every file that is named in the manifest, the small and the project's own ones first."""
        return [*sorted(set(self.sha256) - set(self.dependencies)), *self.dependencies]


def assemble(root: Path, target: Target, extras: Sequence[str], model: Path, build: Path) -> Payload:
    """Build and fetch into `build`, and lay everything out in a folder there.

    Raises DeployError and ModelError: nothing is sent that the board would refuse.
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
    """Refuse what cannot be proven on the board. Raises ModelError for a damaged file."""
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
    """Write the manifest of a folder: what is in it, for which board, and the names it gives."""
    sums = {path.name: digest(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST}
    environment = f"{target}-{_short([sums[name] for name in dependencies])}"
    release = (
        f"{wheel.split('-')[1]}-{_short([environment, *(sums[n] for n in sorted(set(sums) - set(dependencies)))])}"
    )
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
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _short(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


def pack(payload: Payload, archive: Path, name: str) -> None:
    """One archive with everything in a folder `name`. The same payload always gives the same bytes.

    Not compressed: wheels are.
    """
    part = archive.with_suffix(".part")
    with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
        for file in (*payload.files(), MANIFEST):
            data = (payload.folder / file).read_bytes()
            info = tarfile.TarInfo(f"{name}/{file}")
            info.size, info.mode = len(data), 0o755 if file == INSTALLER else 0o644
            tar.addfile(info, io.BytesIO(data))
    part.replace(archive)
