"""A server on loopback that sends raw bytes, whatever they are."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

PATIENCE_S = 60.0  # a test that waits this long has failed

Answer = Callable[[socket.socket, bytes], None]


class RawServer:
    """Hands each connection and its request to the next answer of a list; the last one answers all that follow.

    `requests`: what was asked. `left`: set once a client has closed a connection that was sent to without end.
    """

    def __init__(self, *answers: Answer | bytes) -> None:
        self.answers = list(answers)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests: list[bytes] = []
        self.left = threading.Event()
        self.serve: Callable[[socket.socket, Answer | bytes], None] = self._serve
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection = self._listening.accept()[0]
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                threading.Thread(target=self.serve, args=(connection, answer), daemon=True).start()

    def _serve(self, connection: socket.socket, answer: Answer | bytes) -> None:
        connection.settimeout(PATIENCE_S)
        with connection, suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(4096)
                if not piece:
                    return
                request += piece
            self.requests.append(request)
            if isinstance(answer, bytes):
                connection.sendall(answer)
            else:
                answer(connection, request)

    def endlessly(self, start: bytes, unit: bytes) -> Answer:
        """Send `unit` again and again, until the client has enough."""

        def answer(connection: socket.socket, request: bytes) -> None:
            try:
                connection.sendall(start)
                while True:
                    connection.sendall(unit)
            except OSError:
                self.left.set()

        return answer

    def dripping(self, start: bytes, unit: bytes) -> Answer:
        """Send `unit` a hundred times a second, until the client has enough."""

        def answer(connection: socket.socket, request: bytes) -> None:
            pause = threading.Event()
            try:
                connection.sendall(start)
                while not pause.wait(0.01):
                    connection.sendall(unit)
            except OSError:
                self.left.set()

        return answer
