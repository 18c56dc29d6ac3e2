"""MQTT's packets, as bytes."""

from __future__ import annotations

import random

import pytest

from runtime.outputs.mqtt_packets import (
    CONNACK,
    DISCONNECT,
    MAX_PACKET_BYTES,
    PUBACK,
    PUBLISH,
    SUBACK,
    Login,
    Message,
    Packet,
    PacketError,
    connect_packet,
    publish_packet,
    read_answer,
    read_message,
    split_packets,
    subscribe_packet,
)

WILL = Message("a/availability", "offline", 1, True)


def test_a_login_as_the_standard_writes_it() -> None:
    assert connect_packet(Login(4, "me", "u", "p", 30), WILL) == (
        b"\x10\x2d\0\x04MQTT\x04\xee\0\x1e\0\x02me\0\x0ea/availability\0\x07offline\0\x01u\0\x01p"
    )
    five = connect_packet(Login(5, "me", None, None, 30), Message("a", "b", 0, False))
    assert five == b"\x10\x1b\0\x04MQTT\x05\x06\0\x1e\x05\x27\0\x01\0\0\0\x02me\0\0\x01a\0\x01b"


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("size", [0, 1, 120, 127, 128, 16_383, 16_384, 60_000])
def test_a_message_of_qos_0_is_read_as_it_was_written(version: int, size: int) -> None:
    data = bytearray(publish_packet(Message("x/\u00e9", "7" * size, 0, True), 0, version) + b"\xd0")
    (packet,) = split_packets(data)
    assert (packet.kind, packet.flags, bytes(data)) == (PUBLISH, 1, b"\xd0")
    assert read_message(packet, version) == ("x/\u00e9", "7" * size)


def test_a_message_of_qos_1_has_its_number() -> None:
    assert publish_packet(Message("x", "7", 1, False), 258, 4) == b"\x32\x06\0\x01x\x01\x027"
    assert subscribe_packet("x", 3, 5) == b"\x82\x07\0\x03\0\0\x01x\0"


@pytest.mark.parametrize(
    ("packet", "version", "reason", "number", "properties"),
    [
        (Packet(CONNACK, 0, b"\0\0"), 4, 0, 0, {}),
        (Packet(CONNACK, 0, b"\0\0"), 5, 0x84, 0, {}),  # a 3.1.1 broker
        (Packet(CONNACK, 0, b"\0\x9a\0"), 5, 0x9A, 0, {}),
        (Packet(CONNACK, 0, b"\0\0\x0e\x25\0\x24\0\x13\0\x0a\x12\0\x01q\x0b\x81\x01"), 5, 0, 0,
         {0x25: 0, 0x24: 0, 0x13: 10, 0x0B: 129}),
        (Packet(CONNACK, 0, b"\0\0\x07\x26\0\x01a\0\x01b"), 5, 0, 0, {}),
        (Packet(PUBACK, 0, b"\x01\x02"), 5, 0, 258, {}),
        (Packet(PUBACK, 0, b"\x01\x02\x87\0"), 5, 0x87, 258, {}),
        (Packet(SUBACK, 0, b"\0\x01\x80"), 4, 0x80, 1, {}),
        (Packet(SUBACK, 0, b"\0\x01\0\x87"), 5, 0x87, 1, {}),
        (Packet(DISCONNECT, 0, b"\x8e"), 5, 0x8E, 0, {}),
        (Packet(DISCONNECT, 0, b""), 5, 0, 0, {}),
    ],
)  # fmt: skip
def test_answers(packet: Packet, version: int, reason: int, number: int, properties: dict[int, int]) -> None:
    answer = read_answer(packet, version)
    assert (answer.reason, answer.packet_id, answer.properties) == (reason, number, properties)


def test_a_packet_that_is_too_long_is_refused_before_it_comes() -> None:
    for length in (b"\xff\xff\xff\x7f", b"\x81\x80\x04", b"\xff\xff\xff\xff"):
        with pytest.raises(PacketError):
            list(split_packets(bytearray(b"\x30" + length)))
    assert list(split_packets(bytearray(b"\x30" + b"\x80\x80\x04"))) == []  # MAX_PACKET_BYTES: it may still come
    assert MAX_PACKET_BYTES == 4 << 14


def test_whatever_a_broker_sends_is_a_packet_or_an_error() -> None:
    randoms = random.Random(1)
    for _ in range(20_000):
        data = bytearray(randoms.randbytes(randoms.randrange(40)))
        if randoms.random() < 0.5 and len(data) > 1:
            data[0] = randoms.choice((0x20, 0x30, 0x40, 0x90, 0xE0))
            data[1] = min(data[1], len(data) - 2)
        try:
            for packet in split_packets(data):
                for version in (4, 5):
                    if packet.kind == PUBLISH:
                        read_message(packet, version)
                    elif packet.kind in (CONNACK, PUBACK, SUBACK, DISCONNECT):
                        read_answer(packet, version)
        except PacketError:
            pass
