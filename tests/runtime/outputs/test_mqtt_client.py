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
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest

from runtime.outputs.mqtt_client import MqttOutput
from runtime.outputs.mqtt_messages import discovery_message
from runtime.stream.answer import StreamUpdate
from tests.runtime.helpers import ROOT, free_port
from tests.runtime.outputs.helpers import AT, result, update

PATIENCE_S = 60.0
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def reading(label: int, changed: bool = True, state: str = "ok") -> StreamUpdate:
    return update(result(str(label)), changed=changed, state=state)


class Mosquitto:
    """A broker on loopback that keeps nothing when it is stopped. more: lines of its configuration."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        lines = [*(more or ["allow_anonymous true"]), "persistence false", f"listener {self.port} 127.0.0.1"]
        self._config.write_text("\n".join(lines) + "\n")
        self._running: subprocess.Popen[str] | None = None
        self._log: Queue[str | None] = Queue()

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
    monkeypatch.setattr("runtime.outputs.mqtt_client.RETRY_S", (1, 1))
    notes: Queue[str] = Queue()
    mqtt = MqttOutput(f"mqtt://127.0.0.1:{broker.port}/home/meter", True, notes.put)
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
    assert discovery_message("home/meter") in heard.items()
    mqtt.close()
    last.until("home/meter/availability", "offline")
    last.close()


DIE = """
import os, sys
from runtime.outputs.mqtt_client import MqttOutput
def note(line):
    if "connected" in line:
        print(line, flush=True)
mqtt = MqttOutput(sys.argv[1], False, note)
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
    pytest.importorskip("paho.mqtt.client", reason="NOT RUN: no paho-mqtt")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mqtt = MqttOutput(f"mqtt://127.0.0.1:{silent.getsockname()[1]}/x", False, lambda _: None)
        mqtt.emit(reading(7))
        mqtt.close()  # True or False; it comes back
