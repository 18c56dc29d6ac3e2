"""--mqtt: the reading, retained, on a topic; and whether anybody is watching, on TOPIC/availability."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from runtime import __version__
from runtime.errors import OptionError
from runtime.stream.answer import StreamUpdate

DEFAULT_TOPIC = "edge-classifier"
PORTS = {"mqtt": 1883, "mqtts": 8883}
KEEP_ALIVE_S = 30  # after 1.5 of these without a word the broker publishes the last will
RETRY_S = (1, 30)  # pauses between attempts to connect, doubled
CLOSE_S = 0.3  # for saying goodbye
CONNECTED, REFUSES = "connected", "refuses"
NOT_ALLOWED = (134, 135)  # reason codes: bad user name or password, not authorized
# What OpenSSL says of a certificate (X509_V_ERR_*), where another CA is not the remedy.
REMEDIES = {
    9: "is this board's clock right?",  # not yet valid
    10: "renew it, or set this board's clock",  # has expired
    62: "name the broker as its certificate does",  # another host
    64: "name the broker as its certificate does",  # another address
}


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


def payload(answer: StreamUpdate) -> str:
    """The JSON that is published: reading (null where there is none), score, state, and since when."""
    look = answer.look
    return json.dumps(
        {
            "reading": answer.steady,
            "score": round(look.score, 4) if look else 0.0,
            "reason": None if answer.steady is not None else (look.reason if look else "no frame"),
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
    return f"homeassistant/sensor/{name}/config", json.dumps(config)


def trouble(error: BaseException | None) -> str:
    """Why a broker could not be connected to, and what to do; "" where nobody knows."""
    if isinstance(error, ssl.SSLCertVerificationError):
        remedy = REMEDIES.get(error.verify_code, "name the file of its CA's certificate with --mqtt-ca")
        return f"its certificate is not trusted, {error.verify_message.rstrip('.')}; {remedy}"
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS there; try mqtt:// or another port"
    if isinstance(error, ConnectionResetError):
        return "it hangs up; is the port right?"
    if isinstance(error, TimeoutError):
        return "no answer; is the address right?"
    return str(getattr(error, "strerror", None) or error or "").lower()


class MqttOutput:
    """An Output. A broker that is away costs nothing: the newest reading waits until it is back."""

    def __init__(self, url: str, with_discovery: bool, note: Callable[[str], None], ca: str | None = None) -> None:
        """note: gets a line where the broker comes and goes. ca: the PEM file of who signed its certificate."""
        self._broker = parse_broker(url)
        if ca and not self._broker.tls:
            raise OptionError("--mqtt-ca: goes with mqtts://")
        self._discovery = with_discovery
        self._note = note
        self._lock = threading.Lock()
        self._newest: str | None = None
        self._state: str | None = None
        self._told = ""
        self._client = self._connect(ca)

    def _connect(self, ca: str | None) -> Any:
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
            try:
                client.tls_set(ca)
            except OSError as error:
                why = "none is in it" if isinstance(error, ssl.SSLError) else error.strerror
                raise OptionError(f"--mqtt-ca: expected certificates in PEM; {ca}: {why}") from None
        client.on_connect = self._connected
        # paho does not say why; it calls this while it handles the error.
        client.on_connect_fail = lambda *_: self._unreachable(trouble(sys.exc_info()[1]))
        client.on_disconnect = lambda *_: self._disconnected()
        client.reconnect_delay_set(*RETRY_S)
        client.connect_timeout = 5.0
        client.connect_async(broker.host, broker.port, KEEP_ALIVE_S)
        client.loop_start()  # a daemon thread of paho's
        return client

    def _unreachable(self, why: str) -> None:
        self._tell("cannot be reached" + (f": {why}" if why else "") + "; trying on")

    def _disconnected(self) -> None:
        if self._told == CONNECTED:
            self._tell("is gone; trying on")
        elif not self._told.startswith(REFUSES):  # which it said already
            self._unreachable(
                "it hangs up; " + ("is the port right?" if self._broker.tls else "perhaps it wants mqtts://")
            )

    def _connected(self, client: Any, _: object, __: object, reason: Any, ___: object) -> None:
        """In paho's thread, after each connection: the broker may have forgotten everything."""
        if reason.is_failure:
            remedy = "; user and password go into the URL" if reason.value in NOT_ALLOWED else ""
            self._tell(f"{REFUSES}: {str(reason).lower()}{remedy}")
            return
        self._tell(CONNECTED)
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

    def emit(self, answer: StreamUpdate) -> None:
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
