"""The options of --mqtt.

The output itself, in mqtt_client.py, is imported where --mqtt asks for it: it needs TLS and paho-mqtt.
"""

from __future__ import annotations

from argparse import Namespace

from runtime.cli.parser import Parser
from runtime.outputs.base import Output, OutputContext


def add_options(parser: Parser) -> None:
    """Declare --mqtt, and --mqtt-ca and --discovery, which go with it.

    Args:
        parser: The camera's parser.
    """
    parser.add_argument("--mqtt", metavar="URL", help="publish changes: mqtt[s]://user:password@host:port/topic")
    parser.add_argument(
        "--mqtt-ca", metavar="FILE.pem", help="certificate of the CA that signed the broker's (mqtts://)"
    )
    parser.add_argument("--discovery", action="store_true", help="with --mqtt: announce it to Home Assistant")
    parser.require("--discovery", "--mqtt")
    parser.require("--mqtt-ca", "--mqtt")


def open_output(options: Namespace, context: OutputContext) -> Output | None:
    """Begin to connect where --mqtt names a broker.

    Args:
        options: The camera's command line.
        context: Context of the run.

    Returns:
        The output; None without --mqtt.

    Raises:
        OptionError: The URL names no broker, the file has no certificates, or paho-mqtt is not installed.
    """
    if not options.mqtt:
        return None
    from runtime.outputs.mqtt_client import MqttOutput

    return MqttOutput(options.mqtt, options.discovery, context.log, options.mqtt_ca)
