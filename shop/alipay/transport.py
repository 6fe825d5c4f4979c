"""One HTTP exchange that ends in time, whatever the other side does.

The SDK dials only ports 80 and 443, waits fifteen seconds and fails in four different
ways. Here: any port, certificates checked, no redirect, no retry (whether a request
took effect is the caller's question), a limit on size and on the whole duration.
"""

import http.client
import socket
import ssl
import threading
from contextlib import suppress
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
FILE_SECONDS = 15.0
ANSWER_BYTES = 1_000_000
CHUNK_BYTES = 64_000


class NoAnswer(Exception):
    """No complete answer with status 200 came; what the other side did is unknown."""


def post(url: str, body: str, *, read_seconds: float = READ_SECONDS) -> bytes:
    """The body of the answer to a form sent to `url`. Errors: NoAnswer."""
    return _exchange("POST", url, body, read_seconds, ANSWER_BYTES)


def get(url: str, *, limit: int, read_seconds: float = FILE_SECONDS) -> bytes:
    """The body found at `url`, at most `limit` bytes. Errors: NoAnswer."""
    return _exchange("GET", url, None, read_seconds, limit)


def _exchange(
    method: str, url: str, body: str | None, read_seconds: float, limit: int
) -> bytes:
    try:
        connection = _connection(url)
    except ValueError as error:
        raise NoAnswer(f"no address to dial: {error}") from error
    try:
        connection.connect()
        sock = connection.sock
        assert sock is not None
        sock.settimeout(read_seconds)
        # A socket's time-out starts again with every byte; this one does not.
        late = threading.Event()
        watchdog = threading.Timer(read_seconds * 1.5, _hang_up, [sock, late])
        watchdog.daemon = True
        watchdog.start()
        try:
            content = _talk(connection, method, url, body, limit)
        finally:
            watchdog.cancel()
        # Cut off within its headers, an answer looks like an empty one.
        if late.is_set():
            raise NoAnswer("too slow")
        return content
    except (
        urllib3.exceptions.HTTPError,
        http.client.HTTPException,
        OSError,
        ValueError,
    ) as error:
        raise NoAnswer(type(error).__name__) from error
    finally:
        connection.close()


def _connection(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("neither http:// nor https://")
    if parts.scheme == "http":
        return HTTPConnection(parts.hostname, parts.port or 80, timeout=CONNECT_SECONDS)
    return HTTPSConnection(
        parts.hostname,
        parts.port or 443,
        timeout=CONNECT_SECONDS,
        cert_reqs=ssl.CERT_REQUIRED,
    )


def _talk(
    connection: HTTPConnection, method: str, url: str, body: str | None, limit: int
) -> bytes:
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    headers = {"Accept-Encoding": "identity", "Connection": "close"}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded;charset=utf-8"
    connection.request(
        method,
        target,
        body=None if body is None else body.encode("ascii"),
        headers=headers,
        preload_content=False,
        decode_content=False,
    )
    response = connection.getresponse()
    if response.status != 200:
        raise NoAnswer(f"status {response.status}")
    content = bytearray()
    # Read on to the end: only there does it show that nothing is missing.
    while chunk := response.read(CHUNK_BYTES):
        content += chunk
        if len(content) > limit:
            raise NoAnswer("the answer is too long")
    return bytes(content)


def _hang_up(sock: socket.socket, late: threading.Event) -> None:
    late.set()
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
