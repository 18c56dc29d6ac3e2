"""One connection to an MQTT broker: TCP, TLS, the login, and packets that are waited for."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Iterator

from runtime.outputs import mqtt_packets as packets
from runtime.outputs.mqtt_messages import Broker
from runtime.outputs.mqtt_packets import Answer, Login, Message, Packet, PacketError

CONNECT_TIMEOUT_S = 5.0  # for TCP, for TLS, and for the answer to the login
SEND_TIMEOUT_S = 10.0
RECEIVE_BYTES = 65_536
# What OpenSSL says of a certificate (X509_V_ERR_*), where another CA is not the remedy.
REMEDIES = {
    9: "is this board's clock right?",  # not yet valid
    10: "renew it, or set this board's clock",  # has expired
    62: "name the broker as its certificate does",  # another host
    64: "name the broker as its certificate does",  # another address
}


class Refused(Exception):
    """The broker refuses the login.

    Attributes:
        reason: Its reason code.
    """

    def __init__(self, reason: int) -> None:
        """Keep the code."""
        super().__init__(packets.REASONS.get(reason, f"reason code {reason}"))
        self.reason = reason


class HungUp(Exception):
    """The broker closed the connection."""


class Silent(Exception):
    """The broker says nothing for too long."""


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


class Connection:
    """A connection on which the broker accepted the login.

    Attributes:
        answer: The broker's answer to the login.
    """

    def __init__(self, broker: Broker, tls: ssl.SSLContext | None, login: Login, will: Message) -> None:
        """Connect and log in; it takes some CONNECT_TIMEOUT_S at most.

        Args:
            broker: Host and port.
            tls: For mqtts://; None without TLS.
            login: Who connects.
            will: What the broker publishes where the connection is lost.

        Raises:
            OSError: The broker cannot be reached.
            HungUp: It closes the connection.
            Refused: It refuses the login.
            PacketError: It does not speak MQTT.
            Silent: It says nothing.
        """
        self._version = login.version
        self._data = bytearray()
        self._socket = socket.create_connection((broker.host, broker.port), CONNECT_TIMEOUT_S)
        self._waking, self._woken = socket.socketpair()
        try:
            if tls is not None:
                self._socket = _secured(self._socket, tls, broker.host)
            self._socket.settimeout(SEND_TIMEOUT_S)
            self.send(packets.connect_packet(login, will))
            self.answer = self._accepted()
        except BaseException:
            self.close()
            raise

    def send(self, data: bytes) -> None:
        """Send bytes.

        Args:
            data: Whole packets.

        Raises:
            OSError: The connection is lost.
        """
        self._socket.sendall(data)

    def receive(self, seconds: float) -> Iterator[Packet]:
        """Wait for packets.

        Args:
            seconds: How long, at most; `wake` ends it.

        Yields:
            Packets that came, if any.

        Raises:
            OSError: The connection is lost.
            HungUp: The broker closed it.
            PacketError: What came is no MQTT.
        """
        came = list(packets.split_packets(self._data))  # with what was received before
        if came:
            yield from came
            return
        pending = self._socket.pending() if isinstance(self._socket, ssl.SSLSocket) else 0
        ready, _, _ = select.select([self._socket, self._woken], [], [], 0 if pending else max(0.0, seconds))
        if self._woken in ready:
            self._woken.recv(RECEIVE_BYTES)
        if pending or self._socket in ready:
            data = self._socket.recv(RECEIVE_BYTES)
            if not data:
                raise HungUp
            self._data += data
            yield from packets.split_packets(self._data)

    def wake(self) -> None:
        """End a `receive` that waits, from any thread."""
        try:
            self._waking.setblocking(False)
            self._waking.send(b"w")
        except OSError:  # it was woken often already, or is closed
            pass

    def close(self) -> None:
        """Close the socket."""
        for one in (self._socket, self._waking, self._woken):
            one.close()

    def _accepted(self) -> Answer:
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Silent
            for packet in self.receive(left):
                if packet.kind != packets.CONNACK:
                    raise PacketError("it does not speak MQTT")
                answer = packets.read_answer(packet, self._version)
                if answer.reason:
                    raise Refused(answer.reason)
                return answer


def _secured(plain: socket.socket, tls: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    try:
        return tls.wrap_socket(plain, server_hostname=host)
    except TimeoutError:
        raise Silent from None
