"""A TCP proxy on loopback between a host and its storage, which can be shut and opened again."""

import contextlib
import socket
import threading


class TcpProxy:
    """Forwards `port` to `target` while it is open; shut, it drops every connection, as a failed service does."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open = True
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def shut(self) -> None:
        """Drop all connections, and every new one."""
        self._open = False
        for connection in list(self._sockets):
            _drop(connection)

    def open(self) -> None:
        """Accept connections again."""
        self._open = True

    def close(self) -> None:
        """Stop the proxy."""
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
                for source, sink in ((inner, outer), (outer, inner)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65_536):
                sink.sendall(chunk)
        for connection in (source, sink):
            _drop(connection)
            self._sockets.discard(connection)


def _drop(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
