"""Files of Keras, read without being loaded."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from convert.keras_file import read_keras_file, rewritten
from runtime.errors import ModelError


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_the_configuration_and_the_version_are_read(name: str, artifacts: Path) -> None:
    file = read_keras_file(artifacts / name)
    assert file.config["class_name"] == "Sequential"
    assert file.version == keras.__version__
    assert not file.is_keras_2


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_copy_has_another_configuration_and_the_same_weights(name: str, artifacts: Path, tmp_path: Path) -> None:
    file = read_keras_file(artifacts / name)
    with rewritten(file, file.config, tmp_path) as path:
        assert path == file.path
    text = json.dumps(file.config).replace('"softmax"', '"linear"')
    with rewritten(file, json.loads(text), tmp_path) as path:
        assert path != file.path
        changed = keras.models.load_model(path, compile=False)
    original = keras.models.load_model(file.path, compile=False)
    assert changed.layers[-1].activation is not original.layers[-1].activation
    np.testing.assert_array_equal(changed.get_weights()[0], original.get_weights()[0])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("padded", ["model.weights.h5", "config.json", "further"])
def test_a_zip_that_unpacks_to_the_memorys_size_is_refused(padded: str, artifacts: Path, tmp_path: Path) -> None:
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(artifacts / "model.keras") as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), padded}:
            with new.open(name, "w") as member:
                member.write(old.read(name) if name in old.namelist() else b"")
                for _ in range(100 if name == padded else 0):
                    member.write(bytes(1 << 20))
    with pytest.raises(ModelError, match=r"bomb\.keras unpacks to 10\d MiB from .* It was not loaded"):
        read_keras_file(path)


@pytest.mark.parametrize("compression", ["gzip", None], ids=["packed", "never written"])
def test_an_array_that_unpacks_to_the_memorys_size_is_refused(
    compression: str | None, artifacts: Path, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.h5"
    path.write_bytes((artifacts / "model.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        file.create_dataset("model_weights/bomb", (30, 1 << 20), "f4", chunks=(1, 1 << 20), compression=compression)
    with pytest.raises(ModelError, match=r"bomb\.h5 unpacks to 12\d MiB"):
        read_keras_file(path)


def test_sound_models_that_pack_well_are_read(tmp_path: Path, network: Callable[..., Any]) -> None:
    model = network()
    model.set_weights([np.zeros_like(weights) for weights in model.get_weights()])
    model.save(tmp_path / "zero.keras")
    packed = zipfile.ZipFile(tmp_path / "packed.keras", "w", zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(tmp_path / "zero.keras") as old, packed as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert read_keras_file(tmp_path / "packed.keras").config["class_name"] == "Sequential"


def test_damage_is_one_clear_line(artifacts: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("model.keras", "model.h5"):
        whole = (artifacts / name).read_bytes()
        for _ in range(60):
            data = bytearray(whole)
            for place in random.integers(0, len(data), 3):
                data[place] = int(random.integers(0, 256))
            path = tmp_path / name
            path.write_bytes(bytes(data[: int(random.integers(1, len(data) + 1))] if random.random() < 0.3 else data))
            with suppress(ModelError):  # all that it may raise
                read_keras_file(path)


@pytest.mark.parametrize("text", ["[" * 100_000, "{", '"x"'], ids=["deep", "cut", "text"])
def test_a_configuration_that_is_none(text: str, artifacts: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as new:
        new.writestr("config.json", text)
    if text == '"x"':
        assert read_keras_file(path).config == "x"  # Keras says what is wrong with it
        return
    with pytest.raises(ModelError, match=r"cannot read m\.keras"):
        read_keras_file(path)
