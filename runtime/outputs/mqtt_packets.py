"""Packets of MQTT 3.1.1 and 5 (OASIS standards), as far as a publisher needs them. Pure.

By hand: what a broker may send is bounded, and what is sent again after a lost connection is decided here. A general
client keeps every message that was not acknowledged, and sends the old ones after the new ones.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 13, 14
FIRST_BYTES = (0x20, 0x40, 0x90, 0xD0, 0xE0)  # of what a publisher is sent, besides messages
MAX_PACKET_BYTES = 65_536  # of what a broker sends: a publisher is sent acknowledgments
SESSION_TAKEN_OVER, BAD_PROTOCOL, NO_RETAIN, NO_QOS = 0x8E, 0x84, 0x9A, 0x9B
REASONS = {
    1: "it does not speak this version of MQTT",
    2: "client identifier not valid",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorized",
    0x81: "malformed packet",
    0x82: "protocol error",
    BAD_PROTOCOL: "it does not speak this version of MQTT",
    0x85: "client identifier not valid",
    0x86: "bad user name or password",
    0x87: "not authorized",
    0x88: "server unavailable",
    0x89: "server busy",
    0x8A: "banned",
    0x8B: "server shutting down",
    0x8D: "keep alive timeout",
    SESSION_TAKEN_OVER: "another client took the session over",
    0x90: "topic name invalid",
    0x95: "packet too large",
    0x97: "quota exceeded",
    NO_RETAIN: "retain not supported",
    NO_QOS: "QoS not supported",
}
LOGIN_REASONS = (4, 5, 0x86, 0x87)
# The size of each property of MQTT 5 (2.2.2.2), in bytes; "text" and "pair" are as long as they say, "varying" is an
# integer of 1 to 4 bytes.
PROPERTIES: dict[int, int | str] = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
    **dict.fromkeys((0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F), "text"),
    0x0B: "varying",
    0x26: "pair",
}
KEEP_ALIVE, MAX_QOS, RETAIN_AVAILABLE = 0x13, 0x24, 0x25


class PacketError(Exception):
    """Bytes of a broker that are no MQTT, or more than was asked for."""


@dataclass(frozen=True)
class Packet:
    """One packet of a broker.

    Attributes:
        kind: Its type, such as CONNACK.
        flags: 0 to 15.
        body: What follows its length.
    """

    kind: int
    flags: int
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What a broker answers to a packet.

    Attributes:
        reason: Reason code; failures of MQTT 5 are 128 and more, those of a 3.1.1 CONNACK 1 to 5.
        packet_id: Of the packet that is answered; 0 where it has none.
        properties: Numbers of MQTT 5, by identifier.
    """

    reason: int
    packet_id: int
    properties: dict[int, int]


@dataclass(frozen=True)
class Login:
    """What a client says of itself as it connects.

    Attributes:
        version: 4 for MQTT 3.1.1, 5 for MQTT 5.
        client_id: 1 to 23 letters and digits.
        user: None for an anonymous client.
        password: None for none.
        keep_alive_s: Seconds.
    """

    version: int
    client_id: str
    user: str | None
    password: str | None
    keep_alive_s: int


@dataclass(frozen=True)
class Message:
    """Something to publish.

    Attributes:
        topic: Where.
        payload: What, as text.
        qos: 0 or 1.
        retain: True to have the broker keep it.
    """

    topic: str
    payload: str
    qos: int
    retain: bool


def connect_packet(login: Login, will: Message) -> bytes:
    """Make the first packet of a connection.

    Args:
        login: Who connects.
        will: What the broker publishes where the connection is lost.

    Returns:
        The packet.
    """
    flags = 0x02 | 0x04 | will.qos << 3 | will.retain << 5
    flags |= (login.user is not None) << 7 | (login.password is not None) << 6
    no_properties = b"\0" if login.version == 5 else b""
    limit = b"\5\x27" + struct.pack(">I", MAX_PACKET_BYTES) if login.version == 5 else b""
    head = _text("MQTT") + struct.pack(">BBH", login.version, flags, login.keep_alive_s) + limit
    parts = [_text(login.client_id), no_properties, _text(will.topic), _text(will.payload)]
    parts += [_text(word) for word in (login.user, login.password) if word is not None]
    return _packet(0x10, head + b"".join(parts))


def publish_packet(message: Message, packet_id: int, version: int) -> bytes:
    """Make a packet that publishes.

    Args:
        message: What and where.
        packet_id: 1 to 65535, which the answer has too; unused at QoS 0.
        version: 4 or 5.

    Returns:
        The packet.
    """
    number = struct.pack(">H", packet_id) if message.qos else b""
    head = _text(message.topic) + number + (b"\0" if version == 5 else b"")
    return _packet(0x30 | message.qos << 1 | message.retain, head + message.payload.encode())


def subscribe_packet(topic: str, packet_id: int, version: int) -> bytes:
    """Make a packet that subscribes to a topic, at QoS 0.

    Args:
        topic: Without wildcards.
        packet_id: 1 to 65535.
        version: 4 or 5.

    Returns:
        The packet.
    """
    return _packet(0x82, struct.pack(">H", packet_id) + (b"\0" if version == 5 else b"") + _text(topic) + b"\0")


PING_PACKET = b"\xc0\0"
DISCONNECT_PACKET = b"\xe0\0"


def split_packets(data: bytearray) -> Iterator[Packet]:
    """Take whole packets off the front of what a broker sent.

    Args:
        data: Bytes so far; those of the packets are removed.

    Yields:
        Packets.

    Raises:
        PacketError: A packet is none of those that a publisher is sent, or longer than MAX_PACKET_BYTES.
    """
    while len(data) >= 2:
        if data[0] >> 4 != PUBLISH and data[0] not in FIRST_BYTES:
            raise PacketError("it does not speak MQTT")
        length, start = 0, 1
        for shift in (0, 7, 14, 21):
            if start >= len(data):
                return
            byte = data[start]
            start += 1
            length |= (byte & 127) << shift
            if byte < 128:
                break
        else:
            raise PacketError("it does not speak MQTT")
        if length > MAX_PACKET_BYTES:
            raise PacketError("it sends more than it was asked for, or does not speak MQTT")
        if len(data) < start + length:
            return
        packet = Packet(data[0] >> 4, data[0] & 15, bytes(data[start : start + length]))
        del data[: start + length]
        yield packet


def read_answer(packet: Packet, version: int) -> Answer:
    """Read a CONNACK, PUBACK, SUBACK or DISCONNECT.

    Args:
        packet: Of one of these types.
        version: 4 or 5.

    Returns:
        What it says. A 3.1.1 CONNACK that answers MQTT 5 has reason BAD_PROTOCOL.

    Raises:
        PacketError: It is too short, or its properties are none of MQTT's.
    """
    body = packet.body
    try:
        if packet.kind == CONNACK:
            if version == 5 and len(body) == 2:
                return Answer(BAD_PROTOCOL, 0, {})
            return Answer(body[1], 0, _properties(body[2:]) if version == 5 else {})
        if packet.kind == DISCONNECT:
            return Answer(body[0] if body else 0, 0, {})
        packet_id = int(struct.unpack_from(">H", body)[0])
        if packet.kind == SUBACK:
            return Answer(body[-1] if len(body) > 2 else 0, packet_id, {})
        return Answer(body[2] if len(body) > 2 else 0, packet_id, {})
    except (IndexError, struct.error):
        raise PacketError("it does not speak MQTT") from None


def read_message(packet: Packet, version: int) -> tuple[str, str]:
    """Read a PUBLISH of QoS 0, which is all that is subscribed to.

    Args:
        packet: Of this type.
        version: 4 or 5.

    Returns:
        (topic, payload).

    Raises:
        PacketError: It is of another QoS, or no PUBLISH.
    """
    if packet.flags & 6:
        raise PacketError("it sends messages that were not asked for")
    try:
        size = int(struct.unpack_from(">H", packet.body)[0])
        topic, rest = packet.body[2 : 2 + size], packet.body[2 + size :]
        if version == 5:
            length, start = _varying(rest, 0)
            rest = rest[start + length :]
        return topic.decode("utf-8", "replace"), rest.decode("utf-8", "replace")
    except (IndexError, struct.error):
        raise PacketError("it does not speak MQTT") from None


def _properties(data: bytes) -> dict[int, int]:
    """Those that are numbers."""
    length, at = _varying(data, 0)
    end = at + length
    found: dict[int, int] = {}
    while at < end:
        name = data[at]
        at += 1
        size = PROPERTIES.get(name)
        if size is None:
            raise PacketError("it does not speak MQTT")
        if isinstance(size, int):
            found[name] = int.from_bytes(data[at : at + size], "big")
            at += size
        elif size == "varying":
            found[name], at = _varying(data, at)
        else:
            for _ in range(2 if size == "pair" else 1):
                at += 2 + int(struct.unpack_from(">H", data, at)[0])
    return found


def _varying(data: bytes, at: int) -> tuple[int, int]:
    """(the integer of 1 to 4 bytes at a place, the place after it)."""
    value = 0
    for shift in (0, 7, 14, 21):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise PacketError("it does not speak MQTT")


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def _packet(head: int, body: bytes) -> bytes:
    length, rest = bytearray(), len(body)
    while True:
        rest, low = rest >> 7, rest & 127
        length.append(low | 128 if rest else low)
        if not rest:
            return bytes((head,)) + bytes(length) + body
