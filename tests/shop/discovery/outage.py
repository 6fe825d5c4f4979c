"""Elasticsearch as it is when it is not well: servers of loopback that play it."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from shop.discovery.elastic.client import Place
from shop.discovery.elastic.engine import ElasticEngine

HEAD = (
    "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\n"
    "X-Elastic-Product: Elasticsearch\r\nContent-Length: {length}\r\n\r\n"
)


class Hanging:
    """Accepts every connection, says no more than `says`, and then holds it.

    `begun` is set with the first request; `let_go` ends all of them.
    """

    def __init__(self, says: bytes = b"") -> None:
        self.says = says
        self.begun = threading.Event()
        self.connections = 0
        self._held: list[socket.socket] = []
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._held.append(connection)
            threading.Thread(target=self._hold, args=(connection,), daemon=True).start()

    def _hold(self, connection: socket.socket) -> None:
        with suppress(OSError):
            connection.recv(65536)
            self.begun.set()
            # A byte at a time, so that no single wait of a socket is a long one.
            for byte in self.says or b"":
                connection.sendall(bytes([byte]))
                if self._over.wait(0.2):
                    return
            self._over.wait()

    def let_go(self) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._held:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


@contextmanager
def hanging(says: bytes = b"") -> Iterator[Hanging]:
    server = Hanging(says)
    try:
        yield server
    finally:
        server.let_go()


@contextmanager
def refusing() -> Iterator[str]:
    """An address where nobody listens, and nobody can begin to."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{holder.getsockname()[1]}"


class Answering:
    """Answers every request with `status` and `body`; both may be changed."""

    def __init__(self) -> None:
        self.status = 200
        self.head = HEAD
        self.body: object = {}
        self.requests: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self._answer, args=(connection,), daemon=True
            ).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            while request := lines.readline():
                length = 0
                while (line := lines.readline().strip().lower()) not in (b"", None):
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                lines.read(length)
                self.requests.append(request.decode())
                body = json.dumps(self.body).encode()
                head = self.head.format(status=self.status, length=len(body))
                connection.sendall(head.encode() + body)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def engine_at(*urls: str, **given: object) -> ElasticEngine:
    """An engine whose nodes are these; it waits as long as pages do."""
    return ElasticEngine(Place(nodes=urls), prefix="xiangji-test-out", **given)  # type: ignore[arg-type]
