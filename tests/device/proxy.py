"""A TCP proxy to a port of this machine whose connections a test can cut, at once or after so many bytes."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class CuttableProxy:
    """Listens on a port of its own and forwards everything until it is told to cut. New connections work again.

    Attributes:
        port: The port of 127.0.0.1 that it listens on.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._bytes_left: int | None = None
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> CuttableProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Close every connection. Both ends notice, which they would not if a cable was pulled."""
        self._bytes_left = None
        for end in self._connections:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._connections.clear()

    def cut_after(self, count: int) -> None:
        """Cut when `count` more bytes have been sent to the board."""
        self._bytes_left = count

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                board = socket.create_connection(("127.0.0.1", self._target))
                self._connections += [client, board]
                for pair, is_upload in (((client, board), True), ((board, client), False)):
                    threading.Thread(target=self._forward, args=(*pair, is_upload), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, is_upload: bool) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                if is_upload and self._bytes_left is not None:
                    self._bytes_left -= len(data)
                    if self._bytes_left <= 0:
                        self.cut()
                        return
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
