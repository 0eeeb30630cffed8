"""A gate between a host and its storage: a TCP relay on loopback that can be shut and opened again."""

import contextlib
import socket
import threading


class Gate:
    """Forwards `port` to `target` while it is open; shut, it drops every connection, as a service that is down does."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open = True
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def shut(self) -> None:
        """Drop what is connected, and everything that tries to connect."""
        self._open = False
        for one in list(self._sockets):
            _drop(one)

    def open(self) -> None:
        """Let connections through again."""
        self._open = True

    def close(self) -> None:
        """End it."""
        self.shut()
        _drop(self._listener)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                inner, _ = self._listener.accept()
                if not self._open:
                    inner.close()
                    continue
                outer = socket.create_connection(("127.0.0.1", self._target))
                self._sockets |= {inner, outer}
                for one, other in ((inner, outer), (outer, inner)):
                    threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65_536):
                sink.sendall(chunk)
        for one in (source, sink):
            _drop(one)
            self._sockets.discard(one)


def _drop(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
