"""The table of looks: the network inside is found, and asked about what it was kept from."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.looks import SETS, figures, once, report, shifted
from runtime.errors import DataError
from train.networks import network
from train.views import VIEWS, with_views

COUNT = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (COUNT, 12, 12, 1), np.uint8), np.arange(COUNT) % 4
    made: Path = tmp_path_factory.mktemp("run")
    with_views(network("4/2 8 r place", (12, 12, 1), 4)).save(made / "model.keras")
    np.savez(made / "dataset.npz", x_val=images, y_val=labels, x_hard=images[:10], y_hard=labels[:10])
    return made


def test_a_copy_is_moved_to_the_right_and_down() -> None:
    image = np.zeros((1, 4, 4, 1), np.uint8)
    image[0, 1, 1] = 9
    assert np.argwhere(shifted(image, 1, -1)[0, :, :, 0]).tolist() == [[0, 2]]


def test_the_network_inside_is_what_the_run_trained(folder: Path) -> None:
    import keras

    network, twice = once(folder / "model.keras"), keras.models.load_model(folder / "model.keras")
    with np.load(folder / "dataset.npz") as arrays:
        images = arrays["x_val"]
    each = [network.predict(shifted(images, *view) / np.float32(255), verbose=0) for view in VIEWS]
    np.testing.assert_allclose(np.mean(each, axis=0), twice.predict(images, verbose=0), atol=1e-5)
    assert VIEWS in SETS.values()


def test_a_row_for_each_set_of_copies(folder: Path) -> None:
    found = figures(folder)
    assert found.shape == (len(SETS), 2, 2)
    assert (found[:, 0, 0] <= COUNT).all()
    assert (found[:, 1, 0] <= 10).all()
    assert (found[:, :, 1] > 0).all()
    text = report([found, found])
    assert "mean of 2 runs" in text
    assert [line.split(" | ")[1] for line in text.splitlines()[2:9]] == ["1", "2", "2", "2", "3", "5", "9"]
    assert re.search(rf"as it is \| 1 \| {found[0, 0, 0]:.1f} \| {found[0, 0, 1]:.4f} \|", text)


def test_a_network_that_looks_once_is_none(tmp_path: Path) -> None:
    network("4/2", (12, 12, 1), 4).save(tmp_path / "model.keras")
    with pytest.raises(DataError, match="expected a network that looks twice, such as cnn"):
        once(tmp_path / "model.keras")
