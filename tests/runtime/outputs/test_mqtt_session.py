"""What is said on a connection, packet by packet; with a real broker: test_mqtt_client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from runtime.outputs import mqtt_packets as packets
from runtime.outputs.mqtt_connection import HungUp
from runtime.outputs.mqtt_messages import Broker, parse_broker
from runtime.outputs.mqtt_packets import Answer, Packet
from runtime.outputs.mqtt_session import CONNECTED, Session, Terms


class Line:
    """A connection that gives packets as it is told to, and keeps what is sent."""

    def __init__(self, properties: dict[int, int] | None = None) -> None:
        self.answer = Answer(0, 0, properties or {})
        self.sent: list[bytes] = []
        self.waiting: list[list[Packet]] = []

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def receive(self, seconds: float) -> Iterator[Packet]:
        if not self.waiting:
            raise HungUp
        yield from self.waiting.pop(0)


class Box:
    """What is to be published."""

    broker: Broker = parse_broker("mqtt://pi/x")
    announcement: tuple[str, str] | None = None
    is_closing = False

    def __init__(self) -> None:
        self.newest = (0, "")
        self.arrived: list[int] = []
        self.terms: list[tuple[int, bool]] = []
        self.said: list[str] = []

    def due(self, sent: int) -> tuple[int, str] | None:
        return self.newest if self.newest[0] > sent else None

    def note_arrival(self, number: int) -> None:
        self.arrived.append(number)

    def accept(self, qos: int, retain: bool) -> None:
        self.terms.append((qos, retain))

    def refuse_publishing(self, topic: str, reason: int) -> None:
        self.said.append(f"{topic} {reason}")

    def log_change(self, text: str) -> None:
        self.said.append(text)


def served(box: Box, line: Line, *, terms: Terms | None = None) -> Session:
    session = Session(box, cast(Any, line), terms or Terms("me", version=4))
    with pytest.raises(HungUp):
        session.serve()
    return session


def puback(number: int, reason: int = 0) -> Packet:
    return Packet(packets.PUBACK, 0, bytes((0, number)) + (bytes((reason,)) if reason else b""))


def test_it_subscribes_says_online_and_publishes_one_reading_at_a_time() -> None:
    box, line = Box(), Line()
    box.newest = (1, "one")
    line.waiting = [[puback(2)], []]
    session = served(box, line)
    assert [data[0] >> 4 for data in line.sent] == [8, 3, 3]
    assert b"online" in line.sent[1]
    assert line.sent[2].endswith(b"one")
    assert (session.is_acknowledged, box.said, box.arrived) == (True, [CONNECTED], [])
    box, line = Box(), Line()
    box.newest = (1, "one")

    class Changing(Line):
        def receive(self, seconds: float) -> Iterator[Packet]:
            if box.newest[0] < 5:
                box.newest = (box.newest[0] + 1, str(box.newest[0] + 1))
                return iter([])
            return super().receive(seconds)

    changing = Changing()
    changing.waiting = [[puback(3)], [puback(4)]]
    served(box, changing)
    assert [data[-1:] for data in changing.sent[2:]] == [b"e", b"5"]  # two, three and four were never sent
    assert box.arrived == [1, 5]


def test_the_terms_of_a_broker_are_kept() -> None:
    box, line = Box(), Line({packets.RETAIN_AVAILABLE: 0, packets.MAX_QOS: 0})
    box.newest = (1, "one")
    line.waiting = [[]]
    session = served(box, line, terms=Terms("me"))
    assert box.terms == [(0, False)]
    assert {data[0] for data in line.sent[1:]} == {0x30}
    assert (session.is_acknowledged, box.arrived) == (True, [1])


def test_a_refusal_of_a_message_and_a_session_taken_over() -> None:
    box, line = Box(), Line()
    line.waiting = [[puback(2, 0x87)], [Packet(packets.DISCONNECT, 0, b"\x8e")]]
    session = served(box, line, terms=Terms("me"))
    assert box.said == ["x/availability 135"]
    assert session.is_taken_over
