"""One connection, to a socket that answers as it is told to; with a real broker: test_mqtt_client."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import pytest

from runtime.outputs import mqtt_packets as packets
from runtime.outputs.mqtt_connection import Connection, HungUp, Refused, explain_error
from runtime.outputs.mqtt_messages import parse_broker
from runtime.outputs.mqtt_packets import Login, Message, PacketError
from tests.runtime.helpers import free_port

LOGIN, WILL = Login(5, "me", None, None, 30), Message("x/availability", "offline", 1, True)


def connected(*answers: bytes, closes: bool = False) -> Connection:
    """A connection to a socket that sends these after the login."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with server, suppress(OSError):
            connection, _ = server.accept()
            connection.recv(4096)
            for answer in answers:
                connection.sendall(answer)
            if not closes:
                connection.recv(4096)
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    return Connection(parse_broker(f"mqtt://127.0.0.1:{server.getsockname()[1]}"), None, LOGIN, WILL)


def test_an_accepted_login_has_the_terms_of_the_broker() -> None:
    connection = connected(b"\x20\x05\0", b"\0\x02\x25\0")  # in two parts
    assert connection.answer.properties == {packets.RETAIN_AVAILABLE: 0}
    connection.wake()
    assert list(connection.receive(60)) == []  # it was woken
    connection.close()
    connection = connected(b"\x20\x03\0\0\0\xd0\0\xd0\0")  # more came with the answer
    assert [packet.kind for packet in connection.receive(60)] == [packets.PINGRESP] * 2
    connection.close()
    connection.wake()  # of no effect


def test_what_a_broker_answers_instead() -> None:
    with pytest.raises(Refused, match="not authorized") as refused:
        connected(b"\x20\x03\0\x87\0")
    assert refused.value.reason == 0x87
    with pytest.raises(Refused, match="reason code 200"):
        connected(b"\x20\x03\0\xc8\0")
    with pytest.raises(HungUp):
        connected(closes=True)
    for answer in (b"\x30\x02\0\0", b"\x20\x01\0", b"\x20\0", b"SSH-2.0-OpenSSH_9.2\r\n" * 5):
        with pytest.raises(PacketError):
            connected(answer, closes=True)


def test_a_port_where_nobody_listens_is_an_error_with_its_reason() -> None:
    with pytest.raises(OSError, match="refused") as caught:
        Connection(parse_broker(f"mqtt://127.0.0.1:{free_port()}"), None, LOGIN, WILL)
    assert explain_error(caught.value) == "connection refused"
