"""--mqtt: the reading, retained, on a topic; and whether anybody is watching, on TOPIC/availability."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from runtime import __version__
from runtime.errors import OptionError
from runtime.watch import Answer

DEFAULT_TOPIC = "edge-classifier"
PORTS = {"mqtt": 1883, "mqtts": 8883}
KEEP_ALIVE_S = 30  # after 1.5 of these without a word the broker publishes the last will
RETRY_S = (1, 30)  # pauses between attempts to connect, doubled
CLOSE_S = 0.3  # for saying goodbye


@dataclass(frozen=True)
class Broker:
    """What mqtt[s]://user:password@host:port/topic names."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None
    topic: str


def parse_broker(url: str) -> Broker:
    """A broker and a topic from a URL. Raises OptionError that does not repeat the password."""
    expected = "expected mqtt://host/topic or mqtts://user:password@host:port/topic"
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise OptionError(f"--mqtt: {expected}; received a port that is none") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise OptionError(f"--mqtt: {expected}; received {parts.scheme or 'no scheme'}://{parts.hostname or ''}")
    topic = unquote(parts.path).strip("/") or DEFAULT_TOPIC
    if re.search(r"[+#\0]", topic):
        raise OptionError(f"--mqtt: a topic to publish on has no + and no #; received {topic}")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return Broker(parts.hostname, port or PORTS[parts.scheme], parts.scheme == "mqtts", user, password, topic)


def payload(answer: Answer) -> str:
    """The JSON that is published: reading (null where there is none), score, state, and since when."""
    look = answer.look
    return json.dumps(
        {
            "reading": answer.steady,
            "score": round(look.prediction.score, 4) if look else 0.0,
            "reason": None if answer.steady is not None else (look.prediction.reason if look else "no frame"),
            "state": answer.state,
            "source": answer.source,
            "at": round(answer.at, 3),
        },
        ensure_ascii=False,
    )


def discovery(topic: str) -> tuple[str, str]:
    """(topic, payload) that makes Home Assistant show the reading as a sensor (its MQTT discovery)."""
    name = "edge_classifier_" + hashlib.sha256(topic.encode()).hexdigest()[:8]
    config = {
        "name": "Reading",
        "unique_id": name,
        "state_topic": topic,
        "value_template": "{{ value_json.reading if value_json.reading is not none else 'none' }}",
        "json_attributes_topic": topic,
        "availability_topic": f"{topic}/availability",
        "icon": "mdi:numeric",
        "device": {
            "identifiers": [name],
            "name": topic,
            "manufacturer": "edge-classifier",
            "sw_version": __version__,
        },
    }
    return f"homeassistant/sensor/{name}/config", json.dumps(config)


class Mqtt:
    """An Output. A broker that is away costs nothing: the newest reading waits until it is back."""

    def __init__(self, url: str, with_discovery: bool, note: Callable[[str], None]) -> None:
        """note: gets a line where the broker comes and goes."""
        self._broker = parse_broker(url)
        self._discovery = with_discovery
        self._note = note
        self._lock = threading.Lock()
        self._newest: str | None = None
        self._state: str | None = None
        self._told = ""
        self._client = self._connect()

    def _connect(self) -> Any:
        try:
            from paho.mqtt.client import Client
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError:
            raise OptionError("--mqtt needs paho-mqtt 2: pip install 'paho-mqtt>=2'") from None
        broker = self._broker
        client = Client(CallbackAPIVersion.VERSION2)
        client.will_set(f"{broker.topic}/availability", "offline", qos=1, retain=True)
        if broker.user is not None:
            client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            client.tls_set()
        client.on_connect = self._connected
        client.on_connect_fail = lambda *_: self._tell("cannot be reached; trying on")
        client.on_disconnect = lambda *_: self._tell("is gone; trying on")
        client.reconnect_delay_set(*RETRY_S)
        client.connect_timeout = 5.0
        client.connect_async(broker.host, broker.port, KEEP_ALIVE_S)
        client.loop_start()  # a daemon thread of paho's
        return client

    def _connected(self, client: Any, _: object, __: object, reason: Any, ___: object) -> None:
        """In paho's thread, after each connection: the broker may have forgotten everything."""
        if reason.is_failure:
            self._tell(f"refuses: {reason}")
            return
        self._tell("connected")
        if self._discovery:
            client.publish(*discovery(self._broker.topic), qos=1, retain=True)
        client.publish(f"{self._broker.topic}/availability", "online", qos=1, retain=True)
        with self._lock:
            if self._newest is not None:
                client.publish(self._broker.topic, self._newest, qos=1, retain=True)

    def _tell(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._note(f"mqtt broker {self._broker.host}:{self._broker.port} {text}")

    def show(self, answer: Answer) -> None:
        """Publish what changed: the reading, or the state of the source."""
        if not answer.changed and answer.state == self._state:
            return
        self._state = answer.state
        with self._lock:
            self._newest = payload(answer)
            # Not connected: _connected publishes it. Nothing queues up meanwhile.
            if self._client.is_connected():
                self._client.publish(self._broker.topic, self._newest, qos=1, retain=True)

    def close(self) -> bool:
        """Say that nobody watches any more, and leave."""
        client = self._client
        client.on_disconnect = None
        goodbye = threading.Thread(target=self._goodbye, daemon=True)
        goodbye.start()
        goodbye.join(2 * CLOSE_S)
        return not goodbye.is_alive()

    def _goodbye(self) -> None:
        if self._client.is_connected():
            last = self._client.publish(f"{self._broker.topic}/availability", "offline", qos=1, retain=True)
            last.wait_for_publish(CLOSE_S)
        self._client.disconnect()
        self._client.loop_stop()  # waits for paho's thread, which may be waiting for the broker
