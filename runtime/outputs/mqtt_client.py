"""The output of --mqtt: the reading, retained, on a topic; and whether anybody is watching, on TOPIC/availability."""

from __future__ import annotations

import ssl
import sys
import threading
from collections.abc import Callable
from typing import Any

from runtime.errors import OptionError
from runtime.outputs.mqtt_messages import discovery_message, parse_broker, reading_message
from runtime.stream.answer import StreamUpdate

KEEP_ALIVE_S = 30  # after 1.5 of these without a word the broker publishes the last will
RETRY_S = (1, 30)  # pauses between attempts to connect, doubled
CONNECT_TIMEOUT_S = 5.0
CLOSE_S = 0.3  # for saying goodbye
CONNECTED, REFUSES = "connected", "refuses"
NOT_ALLOWED = (134, 135)  # MQTT's reason codes: bad user name or password, not authorized
# What OpenSSL says of a certificate (X509_V_ERR_*), where another CA is not the remedy.
REMEDIES = {
    9: "is this board's clock right?",  # not yet valid
    10: "renew it, or set this board's clock",  # has expired
    62: "name the broker as its certificate does",  # another host
    64: "name the broker as its certificate does",  # another address
}


def explain_error(error: BaseException | None) -> str:
    """Tell why a broker could not be connected to, and what to do.

    Args:
        error: What the attempt to connect raised.

    Returns:
        The reason and the remedy; "" where neither is known.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        remedy = REMEDIES.get(error.verify_code, "name the file of its CA's certificate with --mqtt-ca")
        return f"its certificate is not trusted, {error.verify_message.rstrip('.')}; {remedy}"
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS there; try mqtt:// or another port"
    if isinstance(error, ConnectionResetError):
        return "it closes the connection; is the port right?"
    if isinstance(error, TimeoutError):
        return "no answer; is the address right?"
    return str(getattr(error, "strerror", None) or error or "").lower()


class MqttOutput:
    """An Output. A broker that is away costs nothing: the newest reading waits until it is back."""

    def __init__(self, url: str, discovery: bool, log: Callable[[str], None], ca: str | None = None) -> None:
        """Begin to connect, in a thread of paho's.

        Args:
            url: mqtt[s]://user:password@host:port/topic.
            discovery: Announce the reading to Home Assistant.
            log: Gets a line where the broker is connected, gone or refuses.
            ca: PEM file with the certificates of who signed the broker's; None for the system's own.

        Raises:
            OptionError: The URL names no broker, `ca` has no certificates, or paho-mqtt is not installed.
        """
        self._broker = parse_broker(url)
        if ca and not self._broker.tls:
            raise OptionError("--mqtt-ca: needs mqtts://")
        self._discovery = discovery
        self._log = log
        self._lock = threading.Lock()
        self._newest: str | None = None  # the message that is published when the broker is back
        self._state: str | None = None  # of the source, as published
        self._last_log = ""
        self._client = self._connect(ca)

    def emit(self, update: StreamUpdate) -> None:
        """Publish what changed: the reading, or the state of the source.

        Args:
            update: All that is known after an event of the source.
        """
        if not update.changed and update.state == self._state:
            return
        self._state = update.state
        with self._lock:
            self._newest = reading_message(update)
            # Not connected: _on_connect publishes it. Nothing queues up meanwhile.
            if self._client.is_connected():
                self._client.publish(self._broker.topic, self._newest, qos=1, retain=True)

    def close(self) -> bool:
        """Publish that nobody watches any more, and leave.

        Returns:
            False where the broker does not let it leave; otherwise True.
        """
        self._client.on_disconnect = None
        leaving = threading.Thread(target=self._leave, daemon=True)
        leaving.start()
        leaving.join(2 * CLOSE_S)
        return not leaving.is_alive()

    def _connect(self, ca: str | None) -> Any:
        client = _paho_client()
        broker = self._broker
        client.will_set(broker.availability_topic, "offline", qos=1, retain=True)
        if broker.user is not None:
            client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            _set_tls(client, ca)
        client.on_connect = self._on_connect
        # paho does not say why; it calls this while it handles the error.
        client.on_connect_fail = lambda *_: self._log_unreachable(explain_error(sys.exc_info()[1]))
        client.on_disconnect = lambda *_: self._on_disconnect()
        client.reconnect_delay_set(*RETRY_S)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.connect_async(broker.host, broker.port, KEEP_ALIVE_S)
        client.loop_start()  # a daemon thread of paho's
        return client

    def _on_connect(self, client: Any, _: object, __: object, reason: Any, ___: object) -> None:
        """In paho's thread, after each connection: the broker may have forgotten everything."""
        if reason.is_failure:
            remedy = "; user and password go into the URL" if reason.value in NOT_ALLOWED else ""
            self._log_change(f"{REFUSES}: {str(reason).lower()}{remedy}")
            return
        self._log_change(CONNECTED)
        if self._discovery:
            client.publish(*discovery_message(self._broker.topic), qos=1, retain=True)
        client.publish(self._broker.availability_topic, "online", qos=1, retain=True)
        with self._lock:
            if self._newest is not None:
                client.publish(self._broker.topic, self._newest, qos=1, retain=True)

    def _on_disconnect(self) -> None:
        if self._last_log == CONNECTED:
            self._log_change("is gone; trying again")
        elif not self._last_log.startswith(REFUSES):  # which was logged already
            remedy = "is the port right?" if self._broker.tls else "perhaps it wants mqtts://"
            self._log_unreachable(f"it closes the connection; {remedy}")

    def _log_unreachable(self, why: str) -> None:
        self._log_change("cannot be reached" + (f": {why}" if why else "") + "; trying again")

    def _log_change(self, text: str) -> None:
        """Log a line, unless it is the last one again."""
        if text != self._last_log:
            self._last_log = text
            self._log(f"mqtt broker {self._broker.host}:{self._broker.port} {text}")

    def _leave(self) -> None:
        if self._client.is_connected():
            last = self._client.publish(self._broker.availability_topic, "offline", qos=1, retain=True)
            last.wait_for_publish(CLOSE_S)
        self._client.disconnect()
        self._client.loop_stop()  # waits for paho's thread, which may be waiting for the broker


def _paho_client() -> Any:
    try:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion
    except ImportError:
        raise OptionError("--mqtt needs paho-mqtt 2: pip install 'paho-mqtt>=2'") from None
    return Client(CallbackAPIVersion.VERSION2)


def _set_tls(client: Any, ca: str | None) -> None:
    try:
        client.tls_set(ca)
    except OSError as error:
        why = "no certificate is in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise OptionError(f"--mqtt-ca: expected certificates in PEM; {ca}: {why}") from None
