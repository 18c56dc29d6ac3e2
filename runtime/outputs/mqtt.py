"""The options of --mqtt.

The output itself, in mqtt_client.py, is imported where --mqtt asks for it: it needs TLS.
"""

from __future__ import annotations

from argparse import Namespace

from runtime.cli.parser import Parser
from runtime.outputs.base import Output, OutputContext
from runtime.redaction import redacted

PASSWORD_VARIABLE = "EDGE_CLASSIFIER_MQTT_PASSWORD"


def add_options(parser: Parser) -> None:
    """Declare --mqtt, and the options that go with it.

    Args:
        parser: The camera's parser.
    """
    parser.add_argument("--mqtt", metavar="URL", help="publish changes: mqtt[s]://user:password@host:port/topic")
    parser.add_argument(
        "--mqtt-ca", metavar="FILE.pem", help="certificate of the CA that signed the broker's (mqtts://)"
    )
    parser.add_argument(
        "--mqtt-password-file", metavar="FILE", help=f"has the broker's password; so may {PASSWORD_VARIABLE}"
    )
    parser.add_argument("--discovery", action="store_true", help="with --mqtt: announce it to Home Assistant")
    parser.require("--discovery", "--mqtt")
    parser.require("--mqtt-ca", "--mqtt")
    parser.require("--mqtt-password-file", "--mqtt")


def open_output(options: Namespace, context: OutputContext) -> Output | None:
    """Begin to connect where --mqtt names a broker.

    Args:
        options: The camera's command line.
        context: Context of the run.

    Returns:
        The output; None without --mqtt.

    Raises:
        OptionError: The URL names no broker, or a file has no certificates or no password.
    """
    if not options.mqtt:
        return None
    from runtime.outputs.mqtt_client import MqttOutput
    from runtime.outputs.mqtt_messages import parse_broker
    from runtime.passwords import find_password

    password = find_password("--mqtt-password-file", options.mqtt_password_file, PASSWORD_VARIABLE)
    broker = parse_broker(options.mqtt, password, redacted(getattr(options, "source", "")))
    return MqttOutput(broker, context, options.discovery, options.mqtt_ca)
