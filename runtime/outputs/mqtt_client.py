"""The output of --mqtt: the reading, retained, on a topic; and whether anybody is watching, on TOPIC/availability."""

from __future__ import annotations

import os
import ssl
import threading
import time
from dataclasses import replace

from runtime.errors import OptionError
from runtime.outputs import mqtt_packets as packets
from runtime.outputs.base import OutputContext
from runtime.outputs.mqtt_connection import Connection, HungUp, Refused, Silent, explain_error
from runtime.outputs.mqtt_messages import Broker, discovery_message, reading_message
from runtime.outputs.mqtt_packets import Login, Message, PacketError
from runtime.outputs.mqtt_session import CONNECTED, KEEP_ALIVE_S, OFFLINE, Session, Terms
from runtime.stream.answer import StreamUpdate

RETRY_S = (1.0, 30.0)  # pauses between attempts to connect, doubled
BRIEF_S = 10.0  # a connection that the broker ends sooner may be another client's with the same identity
LINGER_S = 10.0  # at the end of a run that nobody stopped, for the last reading to arrive
CLOSE_S = 0.6  # after a request to stop
REFUSES = "refuses"


class MqttOutput:
    """An Output. A broker that is away costs nothing: the newest reading waits until it is back.

    One reading at most is on its way; what was not acknowledged is not sent again, but the newest in its place.
    """

    def __init__(self, broker: Broker, context: OutputContext, discovery: bool = False, ca: str | None = None) -> None:
        """Begin to connect, in a thread.

        Args:
            broker: Where to publish, and as whom.
            context: Context of the run; its log gets a line where the broker is connected, gone or refuses.
            discovery: Announce the reading to Home Assistant.
            ca: PEM file with the certificates of who signed the broker's; None for the system's own.

        Raises:
            OptionError: `ca` has no certificates, or the broker is used without TLS.
        """
        if ca and not broker.tls:
            raise OptionError("--mqtt-ca: needs mqtts://")
        self.broker = broker
        self.announcement = discovery_message(broker.topic, broker.identity) if discovery else None
        self._tls = _tls_context(ca) if broker.tls else None
        self._context = context
        self._changed = threading.Condition()
        self._newest: tuple[int, str] = (0, "")  # number of the newest reading, and its message
        self._arrived = 0  # number of the newest reading that the broker has
        self._state: str | None = None  # of the source, as published
        self._closing = False
        self._connection: Connection | None = None
        self._last_log = ""
        self._at_once = False  # other terms are tried without a pause
        self._terms = Terms(broker.identity)
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    def emit(self, update: StreamUpdate) -> None:
        """Publish what changed: the reading, or the state of the source.

        Args:
            update: All that is known after an event of the source.
        """
        if not update.changed and update.state == self._state:
            return
        self._state = update.state
        with self._changed:
            self._newest = (self._newest[0] + 1, reading_message(update))
            self._wake()

    def close(self) -> bool:
        """Let the newest reading arrive, publish that nobody watches any more, and leave.

        Returns:
            False where the broker does not let it leave; otherwise True.
        """
        with self._changed:
            self._closing = True
            self._wake()
        deadline = time.monotonic() + LINGER_S
        while self._thread.is_alive() and not self._context.stop() and time.monotonic() < deadline:
            self._thread.join(0.05)
        self._thread.join(CLOSE_S)
        if self._arrived < self._newest[0]:
            why = f": it {self._last_log}" if self._last_log not in ("", CONNECTED) else ""
            self._context.fail(
                f"--mqtt: the last reading did not reach {self._name()}{why.removesuffix('; trying again')}"
            )
        return not self._thread.is_alive()

    def _wake(self) -> None:
        """Tell the thread that there is something to do; the lock is held."""
        self._changed.notify_all()
        if self._connection is not None:
            self._connection.wake()

    def _run(self) -> None:
        """In the thread: connect, serve, and after a pause again."""
        pause = RETRY_S[0]
        while True:
            is_last, self._at_once, began = self._closing, False, time.monotonic()
            served = self._attempt()
            if self._closing and not self._at_once:
                done = served or is_last or self._arrived == self._newest[0] or self._context.stop()
                if done:
                    return
                continue  # one more try: the reading may still arrive
            if self._at_once:
                continue
            if served and time.monotonic() - began > BRIEF_S:
                pause = RETRY_S[0]
            with self._changed:
                self._changed.wait_for(lambda: self._closing, pause)
            pause = min(2 * pause, RETRY_S[1])

    def _attempt(self) -> bool:
        """One connection from its login to its end. True where the login was accepted."""
        terms = self._terms
        session: Session | None = None
        will = Message(self.broker.availability_topic, OFFLINE, terms.qos, terms.retain)
        login = Login(terms.version, terms.client_id, self.broker.user, self.broker.password, KEEP_ALIVE_S)
        try:
            connection = Connection(self.broker, self._tls, login, will)
            with self._changed:
                self._connection = connection
            session = Session(self, connection, terms)
            session.serve()
        except Refused as refused:
            self._adapt_to_refusal(refused)
        except HungUp:
            self._adapt_to_end(session)
        except Silent:
            self._log_unreachable(
                "it acknowledges nothing"
                if session
                else "it accepts the connection and says nothing; is the port right?"
            )
        except PacketError as error:
            self._change_version(f"{error}{self._tls_remedy(session)}")
        except OSError as error:
            if isinstance(error, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)):
                self._adapt_to_end(session)
            elif session is not None and session.is_acknowledged:
                self.log_change("is gone; trying again")
            else:
                self._log_unreachable(explain_error(error))
        except Exception as error:  # nothing that a broker sends ends the thread
            self._log_unreachable(f"{type(error).__name__}: {error}")
        finally:
            with self._changed:
                ended, self._connection = self._connection, None
            if ended is not None:
                ended.close()
        return session is not None

    def _adapt_to_refusal(self, refused: Refused) -> None:
        terms = self._terms
        if refused.reason == packets.NO_RETAIN and terms.retain:
            self._leave_out(terms.qos, False)
            self._at_once = True
        elif refused.reason == packets.NO_QOS and terms.qos:
            self._leave_out(0, terms.retain)
            self._at_once = True
        elif refused.reason in (1, packets.BAD_PROTOCOL) and not terms.proven and terms.version == 5:
            self._terms, self._at_once = replace(terms, version=4), True
        else:
            remedy = "; user and password go into the URL" if refused.reason in packets.LOGIN_REASONS else ""
            self.log_change(f"{REFUSES}: {refused}{remedy}")

    def _adapt_to_end(self, session: Session | None) -> None:
        """The broker closed the connection: before it answered the login, or later."""
        if session is None:
            self._change_version(f"it closes the connection{self._tls_remedy(session) or '; is the port right?'}")
            return
        if session.is_acknowledged:
            self.log_change("is gone; trying again")
        else:
            topic = self.broker.topic
            self._log_unreachable(f"it closes the connection at the first message; may this client publish on {topic}?")
        if session.is_taken_over or time.monotonic() - session.began < BRIEF_S:
            # Two of one identity would end each other's connection for ever.
            self._terms = replace(self._terms, client_id=self.broker.identity[:12] + os.urandom(5).hex())

    def _tls_remedy(self, session: Session | None) -> str:
        return "" if session is not None or self.broker.tls else "; perhaps it wants mqtts://"

    def _change_version(self, why: str) -> None:
        """Try the other version of MQTT; where both fail, say why."""
        if self._terms.proven:
            self._log_unreachable(why)
        elif self._terms.version == 5:
            self._terms, self._at_once = replace(self._terms, version=4), True
        else:
            self._terms = replace(self._terms, version=5)
            self._log_unreachable(why)

    def accept(self, qos: int, retain: bool) -> None:
        """Take the terms of a broker that accepted the login.

        Args:
            qos: 0 where it acknowledges nothing.
            retain: False where it keeps no messages.
        """
        self._leave_out(qos, retain)
        self._terms = replace(self._terms, proven=True)

    def _leave_out(self, qos: int, retain: bool) -> None:
        """Do without what the broker does not do, and say what that means."""
        if not retain and self._terms.retain:
            self._context.log(
                f"{self._name()} keeps no messages: who subscribes later sees the next change, not the last"
            )
        if not qos and self._terms.qos:
            self._context.log(f"{self._name()} acknowledges no messages (QoS 0): one may be lost without a word")
        self._terms = replace(self._terms, qos=qos, retain=retain)

    def due(self, sent: int) -> tuple[int, str] | None:
        """The newest reading, where it is newer than the one that was sent.

        Args:
            sent: The number of that one.

        Returns:
            Its number and message; None where nothing is due.
        """
        with self._changed:
            return self._newest if self._newest[0] > sent else None

    def note_arrival(self, number: int) -> None:
        """Note that the broker has a reading.

        Args:
            number: The reading's.
        """
        self._arrived = number

    @property
    def is_closing(self) -> bool:
        """True once `close` was called."""
        return self._closing

    def refuse_publishing(self, topic: str, reason: int) -> None:
        """Say that a message was refused, once.

        Args:
            topic: Of the message.
            reason: The broker's code.
        """
        text = f"{REFUSES} what is published on {topic}: {packets.REASONS.get(reason, f'reason code {reason}')}"
        if self._last_log != text:
            self._last_log = text
            self._context.fail(f"{self._name()} {text}")

    def log_change(self, text: str) -> None:
        """Log a line, unless it is the last one again.

        Args:
            text: What follows the broker's name.
        """
        if text != self._last_log:
            self._last_log = text
            self._context.log(f"{self._name()} {text}")

    def _log_unreachable(self, why: str) -> None:
        self.log_change("cannot be reached" + (f": {why}" if why else "") + "; trying again")

    def _name(self) -> str:
        return f"mqtt broker {self.broker.host}:{self.broker.port}"


def _tls_context(ca: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        why = "no certificate is in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise OptionError(f"--mqtt-ca: expected certificates in PEM; {ca}: {why}") from None
