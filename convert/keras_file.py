"""A .keras or .h5 file before it is loaded: its configuration and how much it unpacks to. Nothing of it is run."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from runtime.errors import ModelError

ZIP_CONFIG, ZIP_METADATA, ZIP_WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
H5_CONFIG, H5_VERSION = "model_config", "keras_version"
# Weights hardly compress: what unpacks to far more than the file has was made to fill the memory.
MAX_RATIO, FREE_BYTES = 20, 64 << 20
DAMAGED = "the file is damaged: copy it again, or save the model again"
WHOLE = "build the model in Python, load the weights into it (model.load_weights) and save all of it: model.save(FILE)"


@dataclass(frozen=True)
class KerasFile:
    """A model's file, read and not loaded.

    Attributes:
        path: The file.
        config: The configuration, a value of JSON.
        version: The version of Keras that wrote it; "" where it does not say.
    """

    path: Path
    config: Any
    version: str

    @property
    def is_keras_2(self) -> bool:
        """Whether Keras 2 wrote it, which tf_keras reads."""
        return self.version.startswith(("1.", "2."))


def read_keras_file(path: Path) -> KerasFile:
    """Read what a file says of itself.

    Args:
        path: A .keras or .h5 file.

    Returns:
        Its configuration and version.

    Raises:
        ModelError: It is damaged, has weights alone, or unpacks to far more than its size.
    """
    try:
        return _read_zip(path) if zipfile.is_zipfile(path) else _read_h5(path)
    except (OSError, ValueError, KeyError, RuntimeError, RecursionError, zipfile.BadZipFile, NotImplementedError) as e:
        raise ModelError(f"cannot read {path.name} ({e or type(e).__name__}); {DAMAGED}") from None


def _read_zip(path: Path) -> KerasFile:
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if ZIP_CONFIG not in names:
            raise ModelError(f"{path.name}: expected a Keras model; received a zip without {ZIP_CONFIG}")
        _check_size(path, sum(info.file_size for info in archive.infolist()))
        config = json.loads(archive.read(ZIP_CONFIG))
        metadata = json.loads(archive.read(ZIP_METADATA)) if ZIP_METADATA in names else {}
        if ZIP_WEIGHTS in names:
            with archive.open(ZIP_WEIGHTS) as weights:
                _check_arrays(path, io.BytesIO(weights.read()))
    version = metadata.get("keras_version", "") if isinstance(metadata, dict) else ""
    return KerasFile(path, config, str(version))


def _read_h5(path: Path) -> KerasFile:
    import h5py  # Keras needs it, too

    with h5py.File(path) as file:
        config, version = file.attrs.get(H5_CONFIG), file.attrs.get(H5_VERSION, "")
    if config is None:
        raise ModelError(f"{path.name} has weights alone, without the model's layers; {WHOLE}")
    _check_arrays(path, path)
    text = config.decode("utf-8") if isinstance(config, bytes) else str(config)
    return KerasFile(path, json.loads(text), version.decode() if isinstance(version, bytes) else str(version))


def _check_arrays(path: Path, weights: Path | IO[bytes]) -> None:
    """HDF5 stores packed arrays, and arrays that were never written, in a few bytes."""
    import h5py

    sizes: list[int] = []
    with h5py.File(weights) as file:
        file.visititems(lambda name, item: sizes.append(item.nbytes) if isinstance(item, h5py.Dataset) else None)
    _check_size(path, sum(sizes))


def _check_size(path: Path, unpacked: int) -> None:
    size = path.stat().st_size
    if unpacked > MAX_RATIO * size + FREE_BYTES:
        raise ModelError(
            f"{path.name} unpacks to {unpacked >> 20:,} MiB from {size / 2**20:,.1f} MiB: no weights do that. "
            "It was not loaded; get the model from its author again"
        )


@contextmanager
def rewritten(file: KerasFile, config: Any, folder: Path) -> Iterator[Path]:
    """Lend a copy of a file with another configuration; the weights are the same.

    Args:
        file: The original.
        config: A value of JSON. Where it is that of the file there is no copy.
        folder: For the copy.

    Yields:
        The path to load.
    """
    if config == file.config:
        yield file.path
        return
    copy = folder / f"changed{file.path.suffix.lower()}"
    if zipfile.is_zipfile(file.path):
        with zipfile.ZipFile(file.path) as old, zipfile.ZipFile(copy, "w") as new:
            for name in old.namelist():
                new.writestr(name, json.dumps(config) if name == ZIP_CONFIG else old.read(name))
    else:
        import h5py

        shutil.copyfile(file.path, copy)
        with h5py.File(copy, "r+") as target:
            target.attrs[H5_CONFIG] = json.dumps(config)
    try:
        yield copy
    finally:
        copy.unlink()
