"""What is said on a connection to an MQTT broker: readings, one at a time, and whether anybody is watching."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from runtime.outputs import mqtt_packets as packets
from runtime.outputs.mqtt_connection import Connection, HungUp, Silent
from runtime.outputs.mqtt_messages import Broker
from runtime.outputs.mqtt_packets import Message, Packet, PacketError

KEEP_ALIVE_S = 30  # after 1.5 of these without a word the broker publishes the last will
ACK_TIMEOUT_S = 10.0  # for the answer to a message or a ping
RESAY_S = (1.0, 60.0)  # between two "online": at the least, and where the own topic may not be subscribed to
CONNECTED = "connected"
ONLINE, OFFLINE = "online", "offline"


@dataclass(frozen=True)
class Terms:
    """What a broker takes; it begins with all that is wanted, and what is refused is left out.

    Attributes:
        client_id: Who this is; the same after a restart, so that the broker ends the session of before at once.
        version: 5, or 4 for MQTT 3.1.1.
        qos: 1, or 0 for a broker that acknowledges nothing.
        retain: False for a broker that keeps no messages.
        proven: True once a login was accepted with this version.
    """

    client_id: str
    version: int = 5
    qos: int = 1
    retain: bool = True
    proven: bool = False


class Outbox(Protocol):
    """What a session publishes, and whom it tells what came of it."""

    broker: Broker
    announcement: tuple[str, str] | None

    @property
    def is_closing(self) -> bool:
        """True once the run ends."""

    def due(self, sent: int) -> tuple[int, str] | None:
        """The newest reading, where it was not sent yet.

        Args:
            sent: Number of the reading that was sent last.

        Returns:
            (number, message); None where there is no newer one.
        """

    def note_arrival(self, number: int) -> None:
        """Note that the broker has a reading.

        Args:
            number: Number of the reading.
        """

    def accept(self, qos: int, retain: bool) -> None:
        """Take the terms of a broker that accepted the login.

        Args:
            qos: The highest that it takes, 0 or 1.
            retain: Whether it keeps the last message of a topic.
        """

    def refuse_publishing(self, topic: str, reason: int) -> None:
        """Say that a message was refused.

        Args:
            topic: Topic of the message.
            reason: The broker's, a number of MQTT 5.
        """

    def log_change(self, text: str) -> None:
        """Log what is new about the broker.

        Args:
            text: One line.
        """


class Session:
    """What is said on one connection, from the accepted login to its end.

    Attributes:
        began: When, in seconds of time.monotonic.
        is_acknowledged: True once the broker took a message.
        is_taken_over: True where the broker ended it for another client of the same identity.
    """

    def __init__(self, output: Outbox, connection: Connection, terms: Terms) -> None:
        """Take the broker's terms.

        Args:
            output: Has what is to be published, and is told what arrived.
            connection: Just opened.
            terms: Those of the login.
        """
        properties = connection.answer.properties
        qos = min(terms.qos, properties.get(packets.MAX_QOS, 1))
        retain = terms.retain and bool(properties.get(packets.RETAIN_AVAILABLE, 1))
        output.accept(qos, retain)
        self.began = time.monotonic()
        self.is_acknowledged = False  # the broker took a message
        self.is_taken_over = False
        self._output = output
        self._broker = output.broker
        self._connection = connection
        self._version, self._qos, self._retain = terms.version, qos, retain
        self._ping_s = max(1.0, min(KEEP_ALIVE_S, properties.get(packets.KEEP_ALIVE) or KEEP_ALIVE_S) / 2)
        self._packet_id = 0
        self._sent = 0  # number of the newest reading that was sent on this connection
        self._unacknowledged: dict[int, tuple[str, int, float]] = {}  # by packet: topic, reading or 0, deadline
        self._subscription = 0  # its packet
        self._ping_at = self.began + self._ping_s
        self._pong_until: float | None = None
        self._say_at: float | None = None  # when "online" is said again
        self._is_offline = False

    def serve(self) -> None:
        """Publish and listen until the output is closed and the broker has all.

        Raises:
            OSError: The connection is lost.
            HungUp: The broker closed it.
            Silent: The broker does not acknowledge.
            PacketError: The broker sends what was not asked for, or no MQTT.
        """
        announcement = self._output.announcement
        if announcement is not None:
            self._publish(*announcement)
        self._subscription = self._next_id()
        topic = self._broker.availability_topic
        self._send(packets.subscribe_packet(topic, self._subscription, self._version))
        self._publish(topic, ONLINE)
        if not self._qos:
            self._acknowledge()
        while not self._is_done():
            for packet in self._connection.receive(self._turn()):
                self._handle(packet)

    def _is_done(self) -> bool:
        """True after the end was said, and acknowledged."""
        reading = any(number for _, number, _ in self._unacknowledged.values())
        if not self._output.is_closing or reading or self._output.due(self._sent) is not None:
            return False
        if not self._is_offline:
            self._is_offline = True
            self._publish(self._broker.availability_topic, OFFLINE)
        if self._unacknowledged:
            return False
        self._send(packets.DISCONNECT_PACKET)
        return True

    def _turn(self) -> float:
        """Send what is due; how long there is nothing else to do."""
        now = time.monotonic()
        if any(deadline < now for _, _, deadline in self._unacknowledged.values()):
            raise Silent
        if self._pong_until is not None and self._pong_until < now:
            raise Silent
        if not any(number for _, number, _ in self._unacknowledged.values()):
            due = self._output.due(self._sent)
            if due is not None:
                self._sent = due[0]
                self._publish(self._broker.topic, due[1], due[0])
        if self._say_at is not None and self._say_at <= now and not self._output.is_closing:
            self._say_at = None
            self._publish(self._broker.availability_topic, ONLINE)
        if self._ping_at <= now:
            self._send(packets.PING_PACKET)
            self._pong_until = now + ACK_TIMEOUT_S
        times = [self._ping_at, self._pong_until, self._say_at, *(end for _, _, end in self._unacknowledged.values())]
        return max(0.0, min(at for at in times if at is not None) - now)

    def _handle(self, packet: Packet) -> None:
        if packet.kind == packets.PINGRESP:
            self._pong_until = None
        elif packet.kind == packets.PUBLISH:
            topic, payload = packets.read_message(packet, self._version)
            if topic != self._broker.availability_topic:
                raise PacketError("it sends messages that were not asked for")
            if payload == OFFLINE and not self._output.is_closing:
                # The last will of a connection of before, or of another program on the same topic.
                self._say_at = self._say_at or time.monotonic() + RESAY_S[0]
        elif packet.kind in (packets.PUBACK, packets.SUBACK):
            self._take_answer(packets.read_answer(packet, self._version))
        elif packet.kind == packets.DISCONNECT:
            self.is_taken_over = packets.read_answer(packet, self._version).reason == packets.SESSION_TAKEN_OVER
            raise HungUp
        else:
            raise PacketError("it does not speak MQTT")

    def _take_answer(self, answer: packets.Answer) -> None:
        if answer.packet_id == self._subscription:
            if answer.reason >= 128:  # it may publish, and not read what others say of it
                self._say_at = time.monotonic() + RESAY_S[1]
            return
        topic, number, _ = self._unacknowledged.pop(answer.packet_id, ("", 0, 0.0))
        if answer.reason >= 128 and topic:
            self._output.refuse_publishing(topic, answer.reason)
            return
        self._acknowledge()
        if number:
            self._output.note_arrival(number)

    def _acknowledge(self) -> None:
        if not self.is_acknowledged:
            self.is_acknowledged = True
            self._output.log_change(CONNECTED)

    def _publish(self, topic: str, payload: str, number: int = 0) -> None:
        """Publish a message; number: of the reading that it is."""
        packet_id = self._next_id()
        message = Message(topic, payload, self._qos, self._retain)
        if self._qos:
            self._unacknowledged[packet_id] = (topic, number, time.monotonic() + ACK_TIMEOUT_S)
        self._send(packets.publish_packet(message, packet_id, self._version))
        if not self._qos and number:
            self._output.note_arrival(number)

    def _send(self, data: bytes) -> None:
        self._connection.send(data)
        self._ping_at = time.monotonic() + self._ping_s

    def _next_id(self) -> int:
        self._packet_id = self._packet_id % 65535 + 1
        return self._packet_id
