"""--mqtt mqtts://, against a real Mosquitto whose certificate a CA of one's own signed."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

from runtime.errors import OptionError
from runtime.outputs.mqtt_client import MqttOutput
from runtime.outputs.mqtt_connection import explain_error
from runtime.outputs.mqtt_messages import parse_broker
from tests.runtime.helpers import command, free_port
from tests.runtime.outputs.helpers import context
from tests.runtime.outputs.test_mqtt_client import PATIENCE_S, Listener, Mosquitto, mosquitto, reading, said

__all__ = ["mosquitto"]
ADMIN = shutil.which("mosquitto_passwd")
OPENSSL = shutil.which("openssl")
NEW = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]


def certify(folder: Path) -> None:
    """A CA (ca.pem) and a broker's certificate for 127.0.0.1 that it signed (broker.pem)."""
    assert OPENSSL is not None
    own = [
        "-subj",
        "/CN=one's own CA",
        "-addext",
        "keyUsage=critical,keyCertSign",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
    ]
    signed = ["-subj", "/CN=broker", "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "broker.key", "-out", "broker.pem"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    for words in (own, [*signed, *names]):
        subprocess.run([OPENSSL, *NEW, *words], cwd=folder, capture_output=True, check=True)


class Tls(Mosquitto):
    """Two doors: `port` without TLS, `tls_port` with it; user me, password p@ss, at both."""

    def __init__(self, folder: Path) -> None:
        self.tls_port = free_port()
        self.ca = str(folder / "ca.pem")
        certify(folder)
        assert ADMIN is not None
        subprocess.run([ADMIN, "-b", "-c", str(folder / "users"), "me", "p@ss"], capture_output=True, check=True)
        super().__init__(
            folder,
            # It would else give up the right to read these files.
            *(["user root"] if os.geteuid() == 0 else []),
            "allow_anonymous false",
            f"password_file {folder / 'users'}",
            f"listener {self.tls_port} 127.0.0.1",
            f"certfile {folder / 'broker.pem'}",
            f"keyfile {folder / 'broker.key'}",
        )


@pytest.fixture
def broker(mosquitto: None, tmp_path: Path) -> Iterator[Tls]:
    if OPENSSL is None or ADMIN is None:
        pytest.skip("NOT RUN: no openssl or mosquitto_passwd; apt-get install openssl mosquitto")
    made = Tls(tmp_path)
    made.start()
    yield made
    made.stop()


def note_of(url: str, ca: str | None) -> str:
    """The first thing that is said about a broker."""
    notes: Queue[str] = Queue()
    mqtt = MqttOutput(parse_broker(url), context(notes.put), ca=ca)
    note = notes.get(timeout=PATIENCE_S)
    mqtt.close()
    return note


def test_readings_go_through_tls_to_a_broker_with_a_ca_of_its_own(broker: Tls) -> None:
    listener = Listener(broker.port, "me", "p@ss")
    notes: Queue[str] = Queue()
    mqtt = MqttOutput(
        parse_broker(f"mqtts://me:p%40ss@127.0.0.1:{broker.tls_port}/meter"), context(notes.put), ca=broker.ca
    )
    said(notes, "connected")
    mqtt.emit(reading(7))
    assert '"reading": "7"' in listener.until("meter", '"7"')[0]
    assert mqtt.close()
    listener.until("meter/availability", "offline")
    listener.close()


def test_the_log_says_what_is_wrong_with_a_broker(broker: Tls) -> None:
    tls, plain = f"me:p%40ss@127.0.0.1:{broker.tls_port}/x", f"me:p%40ss@127.0.0.1:{broker.port}/x"
    note = note_of(f"mqtts://{tls}", None)
    assert "its certificate is not trusted" in note
    assert "--mqtt-ca; trying again" in note
    note = note_of(f"mqtts://{tls.replace('127.0.0.1', 'localhost')}", broker.ca)
    assert "not valid for 'localhost'; name the broker as its certificate does" in note
    assert "perhaps it wants mqtts://" in note_of(f"mqtt://{tls}", None)
    assert "is the port right?" in note_of(f"mqtts://{plain}", broker.ca)
    assert "connection refused" in note_of(f"mqtts://127.0.0.1:{free_port()}/x", broker.ca)


def test_a_wrong_password_is_said_once(broker: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.outputs.mqtt_client.RETRY_S", (0.2, 0.2))
    notes: Queue[str] = Queue()
    mqtt = MqttOutput(parse_broker(f"mqtts://me:guess@127.0.0.1:{broker.tls_port}/x"), context(notes.put), ca=broker.ca)
    for _ in range(3):  # it tries again and again
        broker.until("not authori[sz]ed")  # its own words, spelled as its version spells them
    mqtt.close()
    said_of_it = [notes.get_nowait() for _ in range(notes.qsize())]
    assert [note.partition(" refuses: ")[2] for note in said_of_it] == [
        "not authorized; user and password go into the URL"
    ]
    assert "guess" not in said_of_it[0]


def test_an_expired_certificate_is_no_question_of_the_ca() -> None:
    error = ssl.SSLCertVerificationError("expired")
    error.verify_code, error.verify_message = 10, "certificate has expired"
    assert explain_error(error).endswith("certificate has expired; renew it, or set this board's clock")


def test_a_file_without_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing\n")
    for name, why in (("empty.pem", "no certificate is in it"), ("missing.pem", "No such file or directory")):
        done = command("runtime.camera", "fake://digits", "--mqtt", "mqtts://x/y", "--mqtt-ca", str(tmp_path / name))
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert done.stderr.startswith("error: --mqtt-ca: expected certificates in PEM; ")
        assert done.stderr.endswith(f"{name}: {why}\n")
    with pytest.raises(OptionError, match="--mqtt-ca: needs mqtts://"):
        MqttOutput(parse_broker("mqtt://x/y"), context(), ca="ca.pem")
