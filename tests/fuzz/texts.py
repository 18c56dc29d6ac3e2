"""Texts of others: labels files, names and URLs, mutated, through everything that prints, publishes or parses them.

`check` raises where a text leaves the process raw, unbounded, ambiguous or with a secret, and where anything but an
EdgeError is raised.
"""

from __future__ import annotations

import csv
import io
import json
import random
import shlex
from collections.abc import Iterator
from contextlib import suppress

from runtime.cli.parser import MAX_ERROR
from runtime.cli.printing import MAX_LINE, one_line
from runtime.errors import EdgeError
from runtime.outputs.csv_rows import prediction_to_csv
from runtime.outputs.format import prediction_to_dict, prediction_to_json, prediction_to_text, reading_to_text
from runtime.outputs.mqtt_messages import discovery_message, parse_broker
from runtime.redaction import redacted, scrubbed, scrubbed_urls
from runtime.results import Candidate, Prediction, Reading, Region
from runtime.sources.registry import find_scheme, is_live
from runtime.text import printable
from runtime.tflite.labels import decode_labels

SEEDS = (
    b"0 cat\n1 big dog\n2 it's\n",
    b"cat\r\ndog\r\n",
    "\ufeff0:caf\u00e9\n1:\u6570\u5b57\n".encode(),
    "zero\none\n".encode("utf-16"),
    b"caf\xe9\nna\xefve\n",
    b"rtsp://admin:secret@10.0.0.2:554/Streaming/Channels/101?token=abcdef#x",
    b"http://user:pa%2Fss@cam.local:8080/video.mjpg?user=a&password=b",
    b"mqtts://me:p@ss@broker:8883/home/meter",
    b"SOURCE=rtsp://admin:secret@cam/1\nOPTIONS=--json --mqtt mqtt://me:secret@b/t\n",
    b"\x1b]0;owned\x07\x1b[2J\xc2\x9b31m\xe2\x80\xae\xed\xa0\x80",
)
PIECES = (
    b"://", b":", b"@", b"/", b"?", b"#", b"%", b"%00", b"%1b", b"&", b"=", b"\n", b"\r", b"\0", b"\x1b[31m", b"\x7f",
    b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x81\xa6", b"\xff", b" ", b'"', b"'", b"\\", b",", b"[::1]", b"0 ", b"x" * 5000,
    "\u0660".encode(), b"1" * 400,
)  # fmt: skip


def mutations(seed: int) -> Iterator[bytes]:
    """Texts without end, the same for the same seed: seeds cut, joined, and with pieces and bytes put in or changed."""
    chance = random.Random(seed)
    while True:
        data = bytearray(chance.choice(SEEDS))
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(len(data) + 1)
            action = chance.randrange(5)
            if action == 0:
                data[at:at] = chance.choice(PIECES)
            elif action == 1:
                data[at : at + chance.randrange(1, 9)] = b""
            elif action == 2:
                data[at : at + 1] = bytes([chance.randrange(256)])
            elif action == 3:
                data[at:at] = chance.choice(SEEDS)
            else:
                data[at:at] = data[at : at + chance.randrange(30)] * chance.randrange(1, 200)
        yield bytes(data)


def check(data: bytes) -> None:
    """Put one text through everything."""
    text = data.decode("utf-8", "surrogateescape")
    _check_labels(data)
    _check_forms(text)
    _check_url(text)


def _check_labels(data: bytes) -> None:
    with suppress(ValueError):  # what read_labels makes a ModelError of
        for label in decode_labels(data).labels[:20]:
            _check_forms(label)


def _check_forms(text: str) -> None:
    top = tuple(Candidate(label, i, 0.3) for i, label in enumerate((text, "7", text)))
    prediction = Prediction(None, None, 0.3, "unsure", top, (0, 0, 1, 1), 1.0, 1.0)
    line = prediction_to_text(text, prediction)
    assert line.isprintable() or printable(line) == line
    assert len(line) <= MAX_LINE
    written = prediction_to_json(text, prediction)
    assert printable(written) == written
    assert json.loads(written.encode()) == prediction_to_dict(text, prediction)
    (row,) = csv.reader(io.StringIO(prediction_to_csv(text, prediction), newline=""))
    lines = "\n".join(printable(part) for part in text.split("\n"))
    assert row[0] == lines
    assert [word.rpartition(":")[0] for word in shlex.split(row[-1])] == [lines, "7", lines]
    for part in reading_to_text(text, Reading(text, (Region((0, 0, 1, 1), text, 0.5),), 1.0, 1.0)).split("\n"):
        assert printable(part) == part
    assert len(one_line(text, MAX_ERROR)) <= MAX_ERROR
    assert printable(one_line(text)) == one_line(text)


def _check_url(text: str) -> None:
    shown = redacted(text)
    assert len(shown) <= len(text) + len("***@/...")
    assert redacted(shown) == shown
    _password_stays_out(text, shown)
    _password_stays_out(text, scrubbed(f"cannot open {text}", [text]))
    scrubbed_urls(text)
    for parse in (find_scheme, is_live, parse_broker):
        try:
            parse(text)
        except EdgeError as error:
            _password_stays_out(text, str(error))
    discovery_message(text.encode("utf-8", "replace").decode(), "board")


def _password_stays_out(text: str, said: str) -> None:
    """The seeds' passwords are not shown where a URL begins the text, as it does where it is a source."""
    if text.startswith(("rtsp://admin:secret@", "http://user:pa%2Fss@")):
        assert "admin:secret" not in said
        assert "pa%2Fss" not in said
