"""What --mqtt publishes and where: the broker in a URL, the reading, Home Assistant's discovery. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from runtime import __version__
from runtime.errors import OptionError
from runtime.stream.answer import StreamUpdate
from runtime.text import to_json

DEFAULT_TOPIC = "edge-classifier"
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
    """

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None = field(repr=False)
    topic: str

    @property
    def availability_topic(self) -> str:
        """Where it is published whether anybody is watching."""
        return f"{self.topic}/availability"


def parse_broker(url: str) -> Broker:
    """Read the broker and the topic from a URL.

    Args:
        url: mqtt[s]://user:password@host:port/topic; user, password, port and topic may be left out.

    Returns:
        What the URL names.

    Raises:
        OptionError: The URL names no broker, or no topic to publish on. The error does not repeat the password.

    Example:
        >>> parse_broker("mqtt://pi/home/meter").topic
        'home/meter'
    """
    expected = "expected mqtt://host/topic or mqtts://user:password@host:port/topic"
    try:
        parts = urlsplit(url)
    except ValueError:  # such as brackets without an address in them
        raise OptionError(f"--mqtt: {expected}; the host is not one") from None
    # mqtt://user:12/34@host and mqtt://user:12#34@host name the host "user", as URLs are read, and would go there.
    if parts.fragment or parts.query or ("@" in parts.path and ":" in parts.netloc and "@" not in parts.netloc):
        raise OptionError(f"--mqtt: {expected}; / ? # @ in a password or topic are written %2F %3F %23 %40")
    try:
        port = parts.port
    except ValueError:
        raise OptionError(f"--mqtt: {expected}; the port is not a number of 1 to 65535") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise OptionError(f"--mqtt: {expected}; received {parts.scheme or 'no scheme'}://{parts.hostname or ''}")
    topic = unquote(parts.path).strip("/") or DEFAULT_TOPIC
    if re.search(r"[+#\0]", topic):
        raise OptionError(f"--mqtt: a topic to publish on has no + and no #; received {topic}")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return Broker(parts.hostname, port or PORTS[parts.scheme], parts.scheme == "mqtts", user, password, topic)


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


def discovery_message(topic: str) -> tuple[str, str]:
    """What makes Home Assistant show the reading as a sensor (its documentation: MQTT discovery).

    Args:
        topic: That the reading is published on.

    Returns:
        The topic to publish on, and the JSON to publish there, retained.
    """
    name = "edge_classifier_" + hashlib.sha256(topic.encode()).hexdigest()[:8]
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
