"""The names of a run's files: each once, and none with a folder in it."""

from __future__ import annotations

from pathlib import PurePosixPath

from workbench import run_folder

NAMES = {name: value for name, value in vars(run_folder).items() if name.isupper()}


def test_every_name_is_a_bare_file_name_and_there_once() -> None:
    assert len(NAMES) >= 12
    assert all(PurePosixPath(value).name == value for value in NAMES.values())
    assert len(set(NAMES.values())) == len(NAMES)


def test_a_kind_of_file_is_told_by_its_suffix() -> None:
    """Keras chooses its format by it, and convert refuses another."""
    assert run_folder.MODEL_FILE.endswith(".keras")
    assert run_folder.H5_FILE.endswith(".h5")
    assert run_folder.DATASET_FILE.endswith(".npz")
    assert run_folder.TFLITE_FILE.endswith(".tflite")
