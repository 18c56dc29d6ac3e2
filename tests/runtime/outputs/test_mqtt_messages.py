"""Brokers by their URLs, and what is published. Nothing is connected to."""

from __future__ import annotations

import json

import pytest

from runtime.errors import OptionError
from runtime.outputs.mqtt_messages import Broker, discovery_message, parse_broker, reading_message
from tests.runtime.outputs.helpers import AT, lost, page, result, update


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("mqtt://pi", Broker("pi", 1883, False, None, None, "edge-classifier/my-board")),
        ("mqtt://pi:1884/home/meter", Broker("pi", 1884, False, None, None, "home/meter")),
        ("mqtts://me:p%40ss@pi/a/", Broker("pi", 8883, True, "me", "p@ss", "a")),
    ],
)
def test_urls(url: str, broker: Broker) -> None:
    assert parse_broker(url, host="my board") == broker


@pytest.mark.parametrize("url", ["pi", "http://pi/x", "mqtt://", "mqtt://u:secret@pi:port/x", "mqtt://pi/a/%23"])
def test_invalid_broker_urls(url: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_broker(url)
    assert "secret" not in str(caught.value)


def test_home_assistant_is_told_where_to_look() -> None:
    topic, text = discovery_message("home/meter", "me")
    config = json.loads(text)
    assert topic == f"homeassistant/sensor/{config['unique_id']}/config"
    assert (config["state_topic"], config["availability_topic"]) == ("home/meter", "home/meter/availability")
    assert discovery_message("home/meter", "me") != discovery_message("home/meter", "you")


def test_a_broker_does_not_show_its_password() -> None:
    broker = parse_broker("mqtts://me:p%40ss@pi/a")
    assert broker.password == "p@ss"
    assert "p@ss" not in repr(broker)


def test_a_port_is_a_number() -> None:
    for port in ("port", "65536", "-1"):
        with pytest.raises(OptionError, match="the port is not a number of 1 to 65535"):
            parse_broker(f"mqtt://pi:{port}/x")


def test_the_message_is_the_reading() -> None:
    assert json.loads(reading_message(update())) == {
        "reading": "7",
        "score": 0.9,
        "reason": None,
        "state": "ok",
        "source": "camera 0",
        "at": AT,
    }


def test_the_message_says_why_there_is_no_reading() -> None:
    for shown, score, reason in (
        (update(result(None, "blank")), 0.9, "blank"),
        (update(page("")), 0.0, "unsure"),
        (lost(), 0.0, "no frame"),
    ):
        message = json.loads(reading_message(shown))
        assert (message["reading"], message["score"], message["reason"]) == (None, score, reason)


def test_a_text_is_as_certain_as_its_least_certain_part() -> None:
    message = json.loads(reading_message(update(page("11\n1", 0.99, 0.8126, 0.97))))
    assert (message["reading"], message["score"], message["reason"]) == ("11\n1", 0.8126, None)


@pytest.mark.parametrize(
    "url",
    [
        "mqtt://user:12#34@host/t",
        "mqtt://user:12/34@host/t",
        "mqtt://user:12?34@host/t",
        "mqtts://user:secret/34@host/t",
        "mqtt://me:secret@host/t#secret",
        "mqtt://me:secret@host/t?password=secret",
    ],
)
def test_a_password_that_would_be_taken_for_something_else_is_refused_without_it(url: str) -> None:
    with pytest.raises(OptionError, match=r"^--mqtt: expected mqtt://host/topic") as caught:
        parse_broker(url)
    assert not [part for part in ("12", "34@", "user:s", "secret") if part in str(caught.value)]


def test_escaped_letters_and_topics_with_an_at_sign_are_taken() -> None:
    broker = parse_broker("mqtt://me:1%2F2%23%3F%40@host:1884/home@x")
    assert (broker.password, broker.host, broker.port, broker.topic) == ("1/2#?@", "host", 1884, "home@x")
    assert parse_broker("mqtt://host/home@x").topic == "home@x"
