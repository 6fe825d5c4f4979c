"""One HTTP exchange against servers that do everything wrong, on loopback."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from shop.alipay import transport

from .hostile import APP_KEY


@contextmanager
def server(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server of one connection; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        try:
            client, _address = listener.accept()
        except OSError:
            return
        with client:
            try:
                behave(client)
            except OSError:
                return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        thread.join(timeout=5)


def hear(client: socket.socket) -> bytes:
    """The whole request, so that closing does not cut our answer off."""
    heard = b""
    while not heard.endswith((b"a=1", b"%7B%7D")):
        more = client.recv(65536)
        if not more:
            break
        heard += more
    return heard


def answering(raw: bytes) -> Callable[[socket.socket], None]:
    def behave(client: socket.socket) -> None:
        hear(client)
        client.sendall(raw)

    return behave


def drip(client: socket.socket) -> None:
    """A byte now and then: never silent long enough for a socket's time-out."""
    hear(client)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(200):
        client.sendall(b"x")
        time.sleep(0.05)


def drip_headers(client: socket.socket) -> None:
    hear(client)
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 30:
        client.sendall(bytes([byte]))
        time.sleep(0.05)


def silence(client: socket.socket) -> None:
    client.recv(65536)
    client.recv(65536)


class TestPost:
    def test_reaches_any_port_and_sends_the_form(self):
        seen: list[bytes] = []

        def behave(client: socket.socket) -> None:
            seen.append(hear(client))
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        with server(behave) as port:
            url = f"http://127.0.0.1:{port}/gateway.do?charset=utf-8"
            assert transport.post(url, "biz_content=%7B%7D") == b"ok"
        assert seen[0].startswith(b"POST /gateway.do?charset=utf-8 HTTP/1.1\r\n")
        assert f"Host: 127.0.0.1:{port}".encode() in seen[0]
        assert seen[0].endswith(b"\r\n\r\nbiz_content=%7B%7D")

    @pytest.mark.parametrize(
        "raw",
        [
            b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nok",
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
            b"not http at all",
            b"",
        ],
        ids=["500", "302", "204", "short", "chunk cut", "no http", "hang up"],
    )
    def test_without_a_whole_answer_has_no_answer(self, raw):
        with server(answering(raw)) as port, pytest.raises(transport.NoAnswer):
            transport.post(f"http://127.0.0.1:{port}/", "a=1")

    def test_limits_what_it_reads(self):
        head = b"HTTP/1.1 200 OK\r\n\r\n"
        big = head + b"x" * (transport.ANSWER_BYTES + 1)
        with server(answering(big)) as port, pytest.raises(transport.NoAnswer):
            transport.post(f"http://127.0.0.1:{port}/", "a=1")
        fits = head + b"x" * transport.ANSWER_BYTES
        with server(answering(fits)) as port:
            content = transport.post(f"http://127.0.0.1:{port}/", "a=1")
        assert len(content) == transport.ANSWER_BYTES

    @pytest.mark.parametrize("behave", [silence, drip, drip_headers])
    def test_ends_in_time_whatever_the_server_does(self, behave, monkeypatch):
        with server(behave) as port, pytest.raises(transport.NoAnswer):
            transport.post(f"http://127.0.0.1:{port}/", "a=1", read_seconds=0.4)

    def test_a_dripping_server_would_go_on_without_the_watchdog(self, monkeypatch):
        # Negative control: the watchdog off, the same drip is read to its end.
        monkeypatch.setattr(transport, "_hang_up", lambda sock, late: None)

        def short_drip(client: socket.socket) -> None:
            hear(client)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
            for _ in range(20):
                client.sendall(b"x")
                time.sleep(0.05)

        with server(short_drip) as port:
            url = f"http://127.0.0.1:{port}/"
            assert transport.post(url, "a=1", read_seconds=0.4) == b"x" * 20

    def test_nobody_there_is_no_answer(self):
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        listener.close()
        with pytest.raises(transport.NoAnswer):
            transport.post(f"http://127.0.0.1:{port}/", "a=1")

    @pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http:///", "file:///etc", ""])
    def test_dials_only_web_addresses(self, url):
        with pytest.raises(transport.NoAnswer):
            transport.post(url, "a=1")

    def test_wants_a_certificate_it_can_check(self, tmp_path, monkeypatch):
        file = certificate(tmp_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)

        def behave(client: socket.socket) -> None:
            with context.wrap_socket(client, server_side=True) as wrapped:
                hear(wrapped)
                wrapped.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        with server(behave) as port, pytest.raises(transport.NoAnswer):
            transport.post(f"https://localhost:{port}/", "a=1")
        # Negative control: known to the system's store, the same server is taken.
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        with server(behave) as port:
            assert transport.post(f"https://localhost:{port}/", "a=1") == b"ok"


def certificate(folder):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(APP_KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(APP_KEY, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        APP_KEY.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file
