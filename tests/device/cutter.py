"""A wire to a port of this machine that can be cut: at once, or after so many bytes."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Cutter:
    """Listens on a port of its own and passes everything on, until it is told to cut. New connections go through."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._left: int | None = None
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Cutter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End every connection, as a pulled cable does not: both ends notice."""
        self._left = None
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def cut_after(self, count: int) -> None:
        """Cut when so many more bytes have gone to the board."""
        self._left = count

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                board = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, board]
                for pair, counted in (((client, board), True), ((board, client), False)):
                    threading.Thread(target=self._pass, args=(*pair, counted), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                if counted and self._left is not None:
                    self._left -= len(data)
                    if self._left <= 0:
                        self.cut()
                        return
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
