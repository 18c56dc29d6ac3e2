"""A card inside its own .tflite file.

A card is a zip appended to the flatbuffer (`card.json`, and `labels.txt` where other TFLite tools look for labels).
TFLite interpreters read the flatbuffer from the front and never see it; zip tools read from the back and never see the
flatbuffer. One file, nothing to lose beside it.
"""

from __future__ import annotations

import dataclasses
import struct
import zlib
from collections.abc import Mapping

from runtime.errors import ModelError
from runtime.tflite import container
from runtime.tflite.card import ModelCard
from runtime.tflite.card_reader import read_card

# As random.py does, for one sum: hashlib imports OpenSSL, 3.5 MiB. `classify` then peaks at 71.2 MiB in place of 67.7,
# 5 % more, where 3 % is the limit (15 pairs of runs of classify samples/photo_7.jpg, x86-64).
try:
    from _sha2 import sha256  # CPython 3.12 and later
except ImportError:
    try:
        from _sha256 import sha256
    except ImportError:
        from hashlib import sha256

CARD_FILE = "card.json"
LABELS_FILE = "labels.txt"
SUM_FILE = "card.sha256"
MAX_CARD = 32 * 1024 * 1024  # bytes, unpacked; the longest card in use, 1,000 labels and one golden vector, has 0.3 MB


def attach_card(model: bytes, card: ModelCard) -> bytes:
    """Append a card to a model.

    Args:
        model: A bare .tflite flatbuffer.
        card: Its `sha256` is filled in.

    Returns:
        The bytes of a .tflite file. The same arguments always give the same bytes.
    """
    text = dataclasses.replace(card, sha256=digest_of(model)).to_json()
    labels = "\n".join(card.labels) + "\n"
    return container.attach(model, {CARD_FILE: text, LABELS_FILE: labels, SUM_FILE: digest_of(text.encode()) + "\n"})


def split_card(data: bytes) -> tuple[bytes, ModelCard | None]:
    """Take a .tflite file apart.

    Args:
        data: The bytes of the file.

    Returns:
        (the bare flatbuffer, its card); the card is None where there is none.

    Raises:
        ModelError: A card is there and cannot be read; it, its model or labels.txt is not what it was when the file was
            made.

    Example:
        >>> from pathlib import Path
        >>> model, card = split_card(Path("runtime/models/digits.tflite").read_bytes())
        >>> model[4:8], card.name
        (b'TFL3', 'digits')
    """
    try:
        # TFLite metadata of others names a labels.txt too, which may have been cut off without harm.
        names = (CARD_FILE, LABELS_FILE, SUM_FILE) if CARD_FILE.encode() in data else (CARD_FILE,)
        start, files = container.find(data, names, MAX_CARD)
        if CARD_FILE not in files:
            return data[:start] or data, None  # a file that is all zip, such as a .keras, is no card
        texts = {name: text.decode("utf-8") for name, text in files.items()}
    except (struct.error, zlib.error, ValueError, IndexError, MemoryError) as error:
        raise ModelError(f"card: cannot be unpacked ({error}); the file is damaged, copy or convert it again") from None
    card = read_card(texts[CARD_FILE])
    model = data[:start]
    _check_sums(card, model, files)
    _check_labels_file(card, texts.get(LABELS_FILE))
    return model, card


def _check_sums(card: ModelCard, model: bytes, files: Mapping[str, bytes]) -> None:
    """Check the model against the card, and the card against its own sum, which cards of schema 1 do not have."""
    digest = digest_of(model)
    if digest != card.sha256:
        raise ModelError(
            f"card: expected a model with sha256 {card.sha256[:12]}...; received {digest[:12]}.... "
            "The file is damaged or the card is another model's: copy or convert it again"
        )
    if SUM_FILE in files and files[SUM_FILE].strip() != digest_of(files[CARD_FILE]).encode():
        raise ModelError(f"card: {CARD_FILE} is not as it was made, by {SUM_FILE} beside it; convert the model again")


def _check_labels_file(card: ModelCard, text: str | None) -> None:
    """Compare labels.txt, where other tools look for labels, with the card."""
    if text is None or text.rstrip("\r\n").splitlines() == list(card.labels):
        return
    from runtime.tflite.label_forms import parse_labels  # here: for files that this toolkit did not write

    try:
        is_same = parse_labels(text) == card.labels
    except ValueError:
        is_same = False
    if not is_same:
        raise ModelError(
            f"card: {LABELS_FILE} beside it names other classes, or in another order; which of them is right? "
            "Convert the model again"
        )


def digest_of(data: bytes) -> str:
    """The SHA-256 of a model or a card.

    Args:
        data: Its bytes.

    Returns:
        64 hexadecimal digits.
    """
    return str(sha256(data).hexdigest())
