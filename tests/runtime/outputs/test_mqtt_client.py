"""--mqtt, against a real Mosquitto that is stopped and started again."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest

from runtime.outputs.base import OutputContext
from runtime.outputs.mqtt_client import MqttOutput
from runtime.outputs.mqtt_messages import parse_broker
from runtime.stream.answer import StreamUpdate
from tests.runtime.helpers import ROOT, free_port
from tests.runtime.outputs.helpers import AT, context, result, update

PATIENCE_S = 60.0
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def reading(label: int, changed: bool = True, state: str = "ok") -> StreamUpdate:
    return update(result(str(label)), changed=changed, state=state)


class Mosquitto:
    """A broker on loopback that keeps nothing when it is stopped. more: lines of its configuration."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._lines = [*(more or ["allow_anonymous true"]), "persistence false", f"listener {self.port} 127.0.0.1"]
        self.more()
        self._running: subprocess.Popen[str] | None = None
        self._log: Queue[str | None] = Queue()

    def more(self, *lines: str) -> None:
        """Write its configuration, with more lines at the end: they are of its listener."""
        self._lines += lines
        self._config.write_text("\n".join(self._lines) + "\n")

    def start(self) -> None:
        assert MOSQUITTO is not None
        self._running = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stderr=subprocess.PIPE, text=True)
        self._log = Queue()
        threading.Thread(target=self._read, args=(self._running, self._log), daemon=True).start()
        self.until(r" running$")

    @staticmethod
    def _read(running: subprocess.Popen[str], log: Queue[str | None]) -> None:
        assert running.stderr is not None
        with running.stderr:
            for line in running.stderr:
                log.put(line.rstrip())
        log.put(None)  # its end

    def until(self, pattern: str) -> None:
        """Wait for a line of its log, PATIENCE_S at most."""
        deadline = time.monotonic() + PATIENCE_S
        seen: list[str] = []
        while True:
            try:
                line = self._log.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                line = None
            if line is None:
                raise AssertionError(f"mosquitto did not say {pattern!r} within {PATIENCE_S:g} s; it said: {seen}")
            if re.search(pattern, line):
                return
            seen.append(line)

    def stop(self) -> None:
        if self._running is not None:
            self._running.terminate()
            self._running.wait(PATIENCE_S)
            self._running = None


@pytest.fixture(scope="module")
def mosquitto() -> None:
    pytest.importorskip("paho.mqtt.client", reason="NOT RUN: no paho-mqtt")
    if MOSQUITTO is None:
        pytest.skip("NOT RUN: no mosquitto; apt-get install mosquitto")


@pytest.fixture
def broker(mosquitto: None, tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path)
    yield made
    made.stop()


class Listener:
    """Another client, which sees what is published."""

    def __init__(self, port: int, user: str | None = None, password: str | None = None) -> None:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self.heard: Queue[tuple[str, str, bool]] = Queue()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_message = lambda _, __, m: self.heard.put((m.topic, m.payload.decode(), m.retain))
        self._client.username_pw_set(user, password)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def until(self, topic: str, part: str) -> tuple[str, bool]:
        while True:
            heard, payload, retained = self.heard.get(timeout=PATIENCE_S)
            if heard == topic and part in payload:
                return payload, retained

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def said(notes: Queue[str], part: str) -> None:
    while part not in notes.get(timeout=PATIENCE_S):
        pass


def test_readings_are_retained_and_survive_the_broker(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.outputs.mqtt_client.RETRY_S", (0.2, 0.2))
    notes: Queue[str] = Queue()
    mqtt = MqttOutput(parse_broker(f"mqtt://127.0.0.1:{broker.port}/home/meter"), context(notes.put), True)
    said(notes, "cannot be reached")
    mqtt.emit(reading(7))  # the broker is away: it costs nothing
    broker.start()
    said(notes, "connected")
    listener = Listener(broker.port)
    payload, _ = listener.until("home/meter", '"7"')
    assert json.loads(payload) == {
        "reading": "7",
        "score": 0.9,
        "reason": None,
        "state": "ok",
        "source": "camera 0",
        "at": AT,
    }
    mqtt.emit(reading(8))
    listener.until("home/meter", '"8"')
    mqtt.emit(reading(9, changed=False))
    mqtt.emit(StreamUpdate("lost", "camera 0", AT, changed=True, message="unplugged"))
    payload, _ = listener.until("home/meter", '"lost"')
    assert json.loads(payload)["reading"] is None
    mqtt.emit(reading(6, changed=False, state="recovered"))
    assert '"6"' in listener.until("home/meter", "recovered")[0]
    listener.close()
    broker.stop()
    said(notes, "is gone")
    mqtt.emit(reading(5))
    broker.start()
    said(notes, "connected")
    late = Listener(broker.port)
    late.until("home/meter", '"5"')
    late.close()
    last = Listener(broker.port)
    heard: dict[str, str] = {}
    while len(heard) < 3:
        topic, payload, retained = last.heard.get(timeout=PATIENCE_S)
        assert retained
        heard[topic] = payload
    assert heard["home/meter/availability"] == "online"
    assert json.loads(heard["home/meter"])["reading"] == "5"
    assert mqtt.announcement is not None
    assert mqtt.announcement in heard.items()
    mqtt.close()
    last.until("home/meter/availability", "offline")
    last.close()


DIE = """
import os, sys
from runtime.outputs.base import OutputContext
from runtime.outputs.mqtt_client import MqttOutput
from runtime.outputs.mqtt_messages import parse_broker
def note(line):
    if "connected" in line:
        print(line, flush=True)
mqtt = MqttOutput(parse_broker(sys.argv[1]), OutputContext(note, lambda: False, lambda: None))
sys.stdin.read()
os._exit(9)
"""


def test_the_last_will_tells_of_a_sudden_end(broker: Mosquitto) -> None:
    broker.start()
    listener = Listener(broker.port)
    words = [sys.executable, "-c", DIE, f"mqtt://127.0.0.1:{broker.port}/x"]
    pipe: Any = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as dying:
        assert dying.stdout is not None
        assert "connected" in dying.stdout.readline()
        listener.until("x/availability", "online")
        dying.communicate()
    listener.until("x/availability", "offline")
    listener.close()


def test_a_broker_that_never_answers_does_not_keep_it_from_ending() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        run = OutputContext(lambda _: None, lambda: True, lambda: None)
        mqtt = MqttOutput(parse_broker(f"mqtt://127.0.0.1:{silent.getsockname()[1]}/x"), run)
        mqtt.emit(reading(7))
        mqtt.close()  # True or False; it comes back
        assert "the last reading did not reach mqtt broker" in run.failures[0]


def availability(listener: Listener, expected: list[str]) -> None:
    """Wait until the newest words on x/availability are these."""
    seen: list[str] = []
    while seen[-len(expected) :] != expected:
        topic, payload, _ = listener.heard.get(timeout=PATIENCE_S)
        if topic == "x/availability":
            seen.append(payload)


def test_an_offline_of_another_program_is_answered(broker: Mosquitto) -> None:
    """A session of before the power cut, or a second program on the topic: whatever says offline is wrong."""
    broker.start()
    listener = Listener(broker.port)
    url = f"mqtt://127.0.0.1:{broker.port}/x"
    one = MqttOutput(parse_broker(url, source="0"), context())
    availability(listener, ["online"])
    other = MqttOutput(parse_broker(url, source="1"), context())
    availability(listener, ["online"])
    assert other.close()
    availability(listener, ["offline", "online"])
    assert one.close()
    listener.close()


def test_the_session_of_before_ends_at_once_and_two_of_one_identity_live_together(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.outputs.mqtt_client.RETRY_S", (0.2, 0.2))
    broker.start()
    listener = Listener(broker.port)
    made = parse_broker(f"mqtt://127.0.0.1:{broker.port}/x")
    notes: Queue[str] = Queue()
    one = MqttOutput(made, context(notes.put))
    said(notes, "connected")
    other = MqttOutput(made, context())
    said(notes, "is gone")  # the broker took its session
    said(notes, "connected")  # and it came back as another
    for number, mqtt in ((1, one), (2, other)):
        mqtt.emit(reading(number))
        listener.until("x", f'"{number}"')
    assert one.close()
    availability(listener, ["offline", "online"])
    assert list(notes.queue) == []
    assert other.close()
    listener.close()


@pytest.mark.parametrize(
    ("lines", "said_of_it"),
    [(("retain_available false",), "keeps no messages"), (("max_qos 0",), "acknowledges no messages")],
)
def test_a_broker_that_does_less_is_served_all_the_same(
    mosquitto: None, lines: tuple[str, ...], said_of_it: str, tmp_path: Path
) -> None:
    broker = Mosquitto(tmp_path, "allow_anonymous true")
    broker.more(*lines)
    broker.start()
    listener = Listener(broker.port)
    notes: Queue[str] = Queue()
    mqtt = MqttOutput(parse_broker(f"mqtt://127.0.0.1:{broker.port}/x"), context(notes.put))
    said(notes, said_of_it)
    said(notes, "connected")
    mqtt.emit(reading(7))
    listener.until("x", '"7"')
    assert mqtt.close()
    listener.until("x/availability", "offline")
    listener.close()
    broker.stop()


def test_what_may_not_be_published_is_said_once(mosquitto: None, tmp_path: Path) -> None:
    (tmp_path / "acl").write_text("topic read #\ntopic write x/availability\n")
    broker = Mosquitto(tmp_path, "user root", "allow_anonymous true", f"acl_file {tmp_path / 'acl'}")
    broker.start()
    notes: Queue[str] = Queue()
    run = context(notes.put)
    mqtt = MqttOutput(parse_broker(f"mqtt://127.0.0.1:{broker.port}/x"), run)
    said(notes, "connected")
    mqtt.emit(reading(7))
    said(notes, "error: mqtt broker 127.0.0.1")
    mqtt.emit(reading(8))
    mqtt.close()
    assert "refuses what is published on x: not authorized" in "".join(run.failures) + "".join(notes.queue)
    broker.stop()


class RawBroker:
    """A broker that does what a function does with each connection: serve(number, connection)."""

    def __init__(self, serve: Callable[[int, socket.socket], None]) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"mqtt://127.0.0.1:{self._server.getsockname()[1]}/x"
        self._serve = serve
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        for number in range(1000):
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(number, connection), daemon=True).start()

    def _one(self, number: int, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self._serve(number, connection)

    def close(self) -> None:
        self._server.close()


def received(connection: socket.socket) -> tuple[int, bytes]:
    """(first byte, the rest) of the next packet of a client."""

    def take(count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = connection.recv(count - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data

    kind, length, shift = take(1)[0], 0, 0
    while True:
        byte = take(1)[0]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return kind, take(length)


ACCEPTED = {5: b"\x20\x03\0\0\0", 4: b"\x20\x02\0\0"}


def accept_login(connection: socket.socket, speaks: int) -> bool:
    """Answer a CONNECT as a broker that speaks one version of MQTT does."""
    _, body = received(connection)
    connection.sendall(ACCEPTED[speaks] if body[6] == speaks else b"\x20\x02\0\x01")
    return body[6] == speaks


@pytest.mark.parametrize("speaks", [4, 5])
def test_one_reading_is_on_its_way_and_the_newest_follows(speaks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is never acknowledged, and the connection is lost: what follows is the newest, and nothing older."""
    monkeypatch.setattr("runtime.outputs.mqtt_client.RETRY_S", (0.05, 0.05))
    heard: Queue[tuple[int, str]] = Queue()
    sessions: list[int] = []
    hang_up, first_seen = threading.Event(), threading.Event()

    def serve(number: int, connection: socket.socket) -> None:
        if not accept_login(connection, speaks):
            return
        sessions.append(number)
        is_first = len(sessions) == 1
        while True:
            kind, body = received(connection)
            if kind >> 4 != 3:
                continue
            size = body[1]
            topic, packet_id = body[2 : 2 + size].decode(), body[2 + size : 4 + size]
            if topic == "x":
                heard.put((len(sessions), body[4 + size :].decode()))
            if topic == "x" and is_first:
                first_seen.set()
                hang_up.wait(PATIENCE_S)
                return
            connection.sendall(b"\x40\x02" + packet_id)

    broker = RawBroker(serve)
    mqtt = MqttOutput(parse_broker(broker.url), context())
    mqtt.emit(reading(0))
    assert first_seen.wait(PATIENCE_S)
    for number in range(1, 8):
        mqtt.emit(reading(number))
    hang_up.set()
    while True:
        _, payload = heard.get(timeout=PATIENCE_S)
        if '"reading": "0"' not in payload:
            break
    assert '"reading": "7"' in payload
    assert mqtt.close()
    broker.close()
    assert heard.empty()


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        (b"\x34\x09\0\x01x\0\x01\0abc", "it sends messages that were not asked for"),  # QoS 2
        (b"\x30\x07\0\x03bad\0a", "it sends messages that were not asked for"),  # another topic
        (b"\x30\xff\xff\xff\x7f", "it sends more than it was asked for"),  # 256 MB
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it does not speak MQTT"),
        (b"\xff\xff\xff\xff\xff", "it does not speak MQTT"),
    ],
)
def test_what_was_not_asked_for_ends_the_connection(
    sent: bytes, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of QoS 2, for which a general client keeps every message, takes no memory."""
    monkeypatch.setattr("runtime.outputs.mqtt_client.RETRY_S", (0.05, 0.05))
    left: Queue[int] = Queue()

    def serve(number: int, connection: socket.socket) -> None:
        accept_login(connection, 5)
        connection.sendall(sent)
        with suppress(OSError):
            while connection.recv(4096):
                pass
        left.put(number)

    notes: list[str] = []
    broker = RawBroker(serve)
    mqtt = MqttOutput(parse_broker(broker.url), context(notes.append))
    for _ in range(3):
        left.get(timeout=PATIENCE_S)
    mqtt.emit(reading(7))
    mqtt.close()
    broker.close()
    assert [note for note in notes if complaint in note]
    assert len([note for note in notes if "trying again" in note]) == 1


def test_a_broker_that_closes_at_the_first_message_is_no_question_of_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.outputs.mqtt_client.RETRY_S", (0.05, 0.05))
    seen: Queue[int] = Queue()

    def serve(number: int, connection: socket.socket) -> None:
        if accept_login(connection, 4):
            received(connection)
            seen.put(number)

    notes: list[str] = []
    broker = RawBroker(serve)
    mqtt = MqttOutput(parse_broker(broker.url), context(notes.append))
    for _ in range(5):
        seen.get(timeout=PATIENCE_S)
    mqtt.close()
    broker.close()
    assert len(notes) == 1  # said once, however often it happens
    assert notes[0].endswith("closes the connection at the first message; may this client publish on x?; trying again")


def test_a_broker_that_acknowledges_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.outputs.mqtt_session.ACK_TIMEOUT_S", 0.1)
    monkeypatch.setattr("runtime.outputs.mqtt_client.RETRY_S", (0.05, 0.05))
    notes: Queue[str] = Queue()

    def serve(number: int, connection: socket.socket) -> None:
        accept_login(connection, 5)
        while received(connection):
            pass

    broker = RawBroker(serve)
    mqtt = MqttOutput(parse_broker(broker.url), context(notes.put))
    said(notes, "it acknowledges nothing; trying again")
    mqtt.close()
    broker.close()


def test_a_silent_port_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.outputs.mqtt_connection.CONNECT_TIMEOUT_S", 0.1)
    notes: Queue[str] = Queue()
    broker = RawBroker(lambda _, connection: (connection.recv(9999), connection.recv(9999), None)[-1])
    mqtt = MqttOutput(parse_broker(broker.url), context(notes.put))
    said(notes, "it accepts the connection and says nothing; is the port right?; trying again")
    mqtt.close()
    broker.close()
