"""COSE_Sign1, one signature over one payload: RFC 9052, 4.2, with EdDSA of RFC 9053."""

from collections.abc import Callable
from dataclasses import dataclass

from traceability import cbor

SIGN1 = 18  # RFC 9052, table 1
ALGORITHM, CRITICAL, KEY_ID = 1, 2, 4  # header parameters, RFC 9052, table 3
EDDSA = -8  # RFC 9053, table 3

Headers = dict[cbor.Value, cbor.Value]


class CoseRejected(Exception):
    """These bytes are no COSE_Sign1 message that we know; says why."""


@dataclass(frozen=True)
class Sign1:
    """A message as it was read: its signature is not looked at yet.

    `protected` are the bytes of the protected headers, as they were signed.
    """

    protected: bytes
    protected_headers: Headers
    other_headers: Headers
    payload: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        """What the signature is over."""
        return to_be_signed(self.protected, self.payload)


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """The Sig_structure, RFC 9052, 4.4, without external data.

    It begins with an array and the word Signature1, as no other text that we sign.
    """
    return cbor.encode(["Signature1", protected, b"", payload])


def sign1(payload: bytes, *, key_id: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """A tagged message; algorithm and key are under the signature too."""
    protected = cbor.encode({ALGORITHM: EDDSA, KEY_ID: key_id})
    signature = sign(to_be_signed(protected, payload))
    return cbor.encode(cbor.Tagged(SIGN1, [protected, {}, payload, signature]))


def read_sign1(data: bytes) -> Sign1:
    """The parts of a tagged message. Errors: CoseRejected."""
    try:
        message = cbor.decode(data)
    except cbor.CborRejected as error:
        raise CoseRejected(f"it is not CBOR as we write it: {error}") from error
    if not isinstance(message, cbor.Tagged) or message.tag != SIGN1:
        raise CoseRejected("it is not a COSE_Sign1 message")
    match message.value:
        case [bytes(protected), dict(others), bytes(payload), bytes(signature)]:
            headers = _headers(protected)
        case _:
            raise CoseRejected("it is not a COSE_Sign1 message")
    if headers.keys() & others.keys():
        raise CoseRejected("a header stands in it twice")
    if CRITICAL in headers or CRITICAL in others:
        raise CoseRejected("it asks for what we do not know")
    return Sign1(protected, headers, others, payload, signature)


def _headers(protected: bytes) -> Headers:
    try:
        headers = cbor.decode(protected) if protected else {}
    except cbor.CborRejected as error:
        raise CoseRejected(f"its headers cannot be read: {error}") from error
    if not isinstance(headers, dict):
        raise CoseRejected("its headers cannot be read")
    return headers
