"""A card and the bytes of a model, for the tests of cards."""

from __future__ import annotations

from runtime.tflite.card import Decision, Golden, InputSpec, ModelCard

CARD = ModelCard(
    name="digits",
    version="1.2.3",
    labels=("null", "eins", "zwölf"),
    input=InputSpec(),
    decision=Decision("logits", 1.5, 0.25),
    training={"seed": 7},
    golden=(Golden(b"\x00\xff", b"\x80\x7f"),),
)
MODEL = b"\x1c\x00\x00\x00TFL3" + bytes(range(256)) * 4
