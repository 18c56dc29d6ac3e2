"""A folder of labeled pictures: one subfolder a class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runtime.errors import DataError
from runtime.image.files import IMAGE_SUFFIXES
from runtime.tflite.card import InputSpec
from train.data.pictures import RawDataset, Split

TEST_FOLDERS = ("test", "val", "valid", "validation")
FOLDER_SPEC = InputSpec(96, 96, 3, color="rgb", polarity="any", framing="whole", resize="crop")

LAYOUT = "one subfolder a class (cats/*.jpg, dogs/*.jpg), or train/ and test/ with such subfolders"

Classes = dict[str, list[Path]]


def read_folder(path: str | Path) -> RawDataset:
    """List FOLDER/<class>/**/<picture>, or FOLDER/train/... and FOLDER/test/... (or val/).

    Pictures are files of a suffix that the device reads (`runtime.image.files.IMAGE_SUFFIXES`); hidden files are
    skipped. Class names are sorted, by number where all are numbers. A class folder without pictures becomes a
    warning.

    Args:
        path: The folder.

    Returns:
        The picture files and their labels. No file has been opened.

    Raises:
        DataError: The folder is laid out otherwise.
    """
    root, tests = _layout(Path(path))
    classes, warnings = _classes(root)
    if len(classes) < 2:
        raise DataError(f"{root}: expected at least 2 classes, {LAYOUT}; received {len(classes)} with pictures in it")
    labels = tuple(classes)
    test = None
    if tests is not None:
        test_classes, test_warnings = _classes(tests)
        warnings += test_warnings
        unknown = [name for name in test_classes if name not in classes]
        if unknown or not test_classes:
            received = f"{unknown[0]!r}, which {root} has not" if unknown else "none with pictures in it"
            raise DataError(f"{tests}: expected the classes {', '.join(labels)}; received {received}")
        test = _split(test_classes, labels)
    return RawDataset(Path(path).resolve().name, _split(classes, labels), test, labels, FOLDER_SPEC, tuple(warnings))


def _layout(path: Path) -> tuple[Path, Path | None]:
    """(the folder whose subfolders are classes, the one with the test pictures or None)."""
    if not path.is_dir():
        raise DataError(f"{path}: expected a folder; there is none")
    names = {folder.name.lower(): folder for folder in _subfolders(path)}
    if not names:
        raise DataError(f"{path}: expected {LAYOUT}; received a folder with no subfolders")
    tests = next((names[name] for name in TEST_FOLDERS if name in names), None)
    if "train" in names and (tests is not None or len(names) == 1):
        return names["train"], tests
    return path, None


def _classes(root: Path) -> tuple[Classes, list[str]]:
    """Pictures by class, classes and pictures in order; and a warning for each class without any."""
    classes, warnings = {}, []
    folders = _subfolders(root)
    numeric = all(folder.name.isdecimal() for folder in folders)
    for folder in sorted(folders, key=lambda f: (int(f.name) if numeric else 0, f.name)):
        pictures = sorted(file for file in folder.rglob("*") if _is_picture(file))
        if pictures:
            classes[folder.name] = pictures
        else:
            warnings.append(
                f"{folder}: no pictures ({', '.join(sorted(IMAGE_SUFFIXES))}) in it; this class is left out"
            )
    return classes, warnings


def _subfolders(path: Path) -> list[Path]:
    return [entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith(".")]


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".") and file.is_file()


def _split(classes: Classes, labels: tuple[str, ...]) -> Split:
    pictures = [(picture, labels.index(name)) for name, files in classes.items() for picture in files]
    return Split([picture for picture, _ in pictures], np.array([label for _, label in pictures], np.int64))
