"""What --mqtt publishes and where: the broker in a URL, the reading, Home Assistant's discovery. Pure."""

from __future__ import annotations

import hashlib
import platform
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runtime import __version__
from runtime.errors import OptionError
from runtime.stream.answer import StreamUpdate
from runtime.text import printable, to_json

DEFAULT_TOPIC = "edge-classifier"  # followed by the board's name
TOPIC_LETTERS = r"[^A-Za-z0-9_.-]"  # what a board's name has besides becomes a hyphen
MAX_TOPIC_BYTES = 1000  # MQTT allows 65535
PORTS = {"mqtt": 1883, "mqtts": 8883}  # as registered, without and with TLS


@dataclass(frozen=True)
class Broker:
    """What mqtt[s]://user:password@host:port/topic names.

    Attributes:
        host: Name or address.
        port: 1 to 65535.
        tls: True for mqtts://.
        user: None for an anonymous client.
        password: None where the URL has none. It is never shown.
        topic: To publish on, without a slash at either end.
        identity: 22 letters and digits that tell this program from others, and are the same after a restart.
    """

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None = field(repr=False)
    topic: str
    identity: str = field(default="", compare=False)

    @property
    def availability_topic(self) -> str:
        """Where it is published whether anybody is watching."""
        return f"{self.topic}/availability"


def parse_broker(url: str, password: str | None = None, source: str = "", host: str | None = None) -> Broker:
    """Read the broker and the topic from a URL.

    Args:
        url: mqtt[s]://user:password@host:port/topic; user, password, port and topic may be left out.
        password: One that is not in the URL, because the list of processes shows a command line to every user.
        source: The source that is read: two programs on a board are told apart by it.
        host: Name of this board, for the topic where the URL has none; the system's where None.

    Returns:
        What the URL names.

    Raises:
        OptionError: The URL names no broker, or no topic to publish on. The error does not repeat the password.

    Example:
        >>> parse_broker("mqtt://pi/home/meter").topic
        'home/meter'
        >>> parse_broker("mqtt://pi", host="kitchen").topic
        'edge-classifier/kitchen'
    """
    expected = "expected mqtt://host/topic or mqtts://user:password@host:port/topic"
    try:
        parts = urlsplit(url)
    except ValueError:  # such as brackets without an address in them
        raise OptionError(f"--mqtt: {expected}; the host is not one") from None
    host = host or platform.node() or "board"
    try:
        port = parts.port
    except ValueError:
        raise OptionError(f"--mqtt: {expected}; the port is not a number of 1 to 65535") from None
    # mqtt://user:12/34@host and mqtt://user:12#34@host name the host "user", as URLs are read, and would go there.
    is_misread = "@" in parts.path and ":" in parts.netloc and "@" not in parts.netloc
    if parts.fragment or parts.query or url.endswith("#") or is_misread:
        raise OptionError(f"--mqtt: {expected}; / ? # @ in a password or topic are written %2F %3F %23 %40")
    if parts.scheme not in PORTS or not parts.hostname:
        raise OptionError(f"--mqtt: {expected}; received {parts.scheme or 'no scheme'}://{parts.hostname or ''}")
    topic = unquote(parts.path).strip("/") or f"{DEFAULT_TOPIC}/{re.sub(TOPIC_LETTERS, '-', host)}"
    if (
        re.search(r"[+#\x00-\x1f\x7f-\x9f\ud800-\udfff]", topic)
        or len(topic.encode("utf-8", "replace")) > MAX_TOPIC_BYTES
    ):
        raise OptionError(
            f"--mqtt: a topic to publish on has no + and no #, no control characters, and at most {MAX_TOPIC_BYTES} "
            f"bytes; received {printable(topic)}"
        )
    user = unquote(parts.username) if parts.username else None
    given = unquote(parts.password) if parts.password else None
    if password is not None and (given is not None or user is None):
        raise OptionError("--mqtt: with the password in a file or the environment, expected mqtt://user@host/topic")
    port = port or PORTS[parts.scheme]
    identity = _identity(host, topic, source)
    return Broker(parts.hostname, port, parts.scheme == "mqtts", user, password or given, topic, identity)


def _identity(*words: str) -> str:
    try:
        machine = Path("/etc/machine-id").read_text(encoding="ascii").strip()  # boards may share a name
    except (OSError, ValueError):
        machine = ""
    return "ec" + hashlib.sha256("\n".join((machine, *words)).encode("utf-8", "replace")).hexdigest()[:20]


def reading_message(update: StreamUpdate) -> str:
    """Write the JSON that is published for an update.

    Args:
        update: All that is known after an event of the source.

    Returns:
        One object: reading (null where there is none), score (0 to 1), reason, state, source and at (seconds since the
        epoch).
    """
    result = update.result
    return to_json(
        {
            "reading": update.steady,
            "score": round(result.score, 4) if result else 0.0,
            "reason": None if update.steady is not None else (result.reason if result else "no frame"),
            "state": update.state,
            "source": update.source,
            "at": round(update.timestamp, 3),
        }
    )


def discovery_message(topic: str, identity: str) -> tuple[str, str]:
    """What makes Home Assistant show the reading as a sensor (its documentation: MQTT discovery).

    Args:
        topic: That the reading is published on.
        identity: Of the program: two that share a topic are two sensors.

    Returns:
        The topic to publish on, and the JSON to publish there, retained.
    """
    name = f"edge_classifier_{identity}"
    config = {
        "name": "Reading",
        "unique_id": name,
        "state_topic": topic,
        # "None" is Home Assistant's word for unknown, 255 characters what a state may have.
        "value_template": "{{ (value_json.reading | string)[:255] }}",
        "json_attributes_topic": topic,
        "availability_topic": f"{topic}/availability",
        "icon": "mdi:numeric",
        "device": {
            "identifiers": [name],
            "name": topic,
            "manufacturer": "edge-classifier",
            "sw_version": __version__,
        },
        "origin": {"name": "edge-classifier", "sw_version": __version__},
    }
    return f"homeassistant/sensor/{name}/config", to_json(config)
