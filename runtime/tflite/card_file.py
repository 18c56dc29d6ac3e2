"""A card inside its own .tflite file.

A card is a zip appended to the flatbuffer (`card.json`, and `labels.txt` where other TFLite tools look for labels).
TFLite interpreters read the flatbuffer from the front and never see it; zip tools read from the back and never see the
flatbuffer. One file, nothing to lose beside it.
"""

from __future__ import annotations

import dataclasses
import struct
import zlib

from runtime.errors import ModelError
from runtime.tflite import container
from runtime.tflite.card import ModelCard

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


def attach_card(model: bytes, card: ModelCard) -> bytes:
    """Append a card to a model.

    Args:
        model: A bare .tflite flatbuffer.
        card: Its `sha256` is filled in.

    Returns:
        The bytes of a .tflite file. The same arguments always give the same bytes.
    """
    card = dataclasses.replace(card, sha256=sha256(model).hexdigest())
    return container.attach(model, {CARD_FILE: card.to_json(), LABELS_FILE: "\n".join(card.labels) + "\n"})


def split_card(data: bytes) -> tuple[bytes, ModelCard | None]:
    """Take a .tflite file apart.

    Args:
        data: The bytes of the file.

    Returns:
        (the bare flatbuffer, its card); the card is None where there is none.

    Raises:
        ModelError: A card is there and cannot be read, or its sha256 is not that of the model.

    Example:
        >>> from pathlib import Path
        >>> model, card = split_card(Path("runtime/models/digits.tflite").read_bytes())
        >>> model[4:8], card.name
        (b'TFL3', 'digits')
    """
    try:
        start, packed = container.find(data, CARD_FILE)
        if packed is None:
            return data[:start] or data, None  # a file that is all zip, such as a .keras, is no card
        text = packed.decode("utf-8")
    except (struct.error, zlib.error, ValueError, IndexError) as error:
        raise ModelError(f"card: cannot be unpacked ({error}); the file is damaged, copy or convert it again") from None
    card = ModelCard.from_json(text)
    model = data[:start]
    digest = sha256(model).hexdigest()
    if digest != card.sha256:
        raise ModelError(
            f"card: expected a model with sha256 {card.sha256[:12]}...; received {digest[:12]}.... "
            "The file is damaged or the card is another model's: copy or convert it again"
        )
    return model, card


def digest_of(data: bytes) -> str:
    """The SHA-256 of a model or a card.

    Args:
        data: Its bytes.

    Returns:
        64 hexadecimal digits.
    """
    return str(sha256(data).hexdigest())
