"""What every room's tests share: the project's own pictures, and the model that ships."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from runtime.classifier import DEFAULT_MODEL, Classifier
from runtime.tflite.card import ModelCard
from runtime.tflite.card_file import split_card

ROOT = Path(__file__).parent.parent

# Which models have passed their trial is kept in a folder of this run's own, its commands' too.
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="edge-classifier-tests-")
atexit.register(shutil.rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample pictures; a digit's name ends in `_LABEL`."""
    return ROOT / "samples"


@pytest.fixture(scope="session")
def shipped() -> Classifier:
    return Classifier.load()


@pytest.fixture(scope="session")
def bare_model() -> bytes:
    """The shipped model's flatbuffer without its card."""
    return split_card(DEFAULT_MODEL.read_bytes())[0]


@pytest.fixture(scope="session")
def shipped_card() -> ModelCard:
    card = split_card(DEFAULT_MODEL.read_bytes())[1]
    assert card is not None
    return card
