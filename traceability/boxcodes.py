"""Box codes: all that matters of a box, signed, in a QR code that needs no network.

A box code is a CWT (RFC 8392) under COSE_Sign1, in the upper-case base 32 of RFC 4648
without padding, behind HTTPS://HOST/V/. Claims:

    2       sub: the certificate's number
    6       iat: seconds since 1970 at which the batch's box codes were issued
    7       cti: the label's code, 100 bits in 13 bytes
    -65537  the box: [product, grams, village's 12 digits, village, lot, batch,
            harvest, use-by or null]; days are counted from 1970-01-01 (RFC 8943)

A later form gets another number than -65537. Nothing here asks the database or opens a
key. A signature proves issue, not that a box is the only one with its code.
"""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings

from traceability import cbor, codes, cose
from traceability.signing import Signer, verify_message

SUBJECT, ISSUED_AT, TOKEN_ID, BOX = 2, 6, 7, -65_537
# What a QR code of version 13-M holds: 26 mm at modules of three dots of 203 dpi.
MAX_SIGNS = 483
MAX_TEXT = 600
_ALPHABET = re.compile(r"[A-Z2-7]+")
_EPOCH = date(1970, 1, 1)
_LAST_SECOND = 253_402_300_799  # of the year 9999
_SIGNATURE_BYTES, _KEY_ID_BYTES = 64, 8


class BoxCodeRejected(Exception):
    """This is no box code: cut off, mistyped, or another thing altogether."""


class BoxCodeTooLong(Exception):
    """The facts do not fit; `signs` is how many signs of the address are too many."""

    def __init__(self, signs: int) -> None:
        super().__init__(f"{signs} signs too long for a box code")
        self.signs = signs


@dataclass(frozen=True)
class Facts:
    """What a box code says. `issued_at` has whole seconds, `code` is a label's."""

    code: str
    product: str
    pack_g: int
    village_code: str
    village: str
    lot: str
    batch: str
    certificate: str
    harvested_on: date
    use_by: date | None
    issued_at: datetime

    @property
    def claims(self) -> bytes:
        """The CWT's claims, always the same bytes for the same facts."""
        return cbor.encode(
            {
                SUBJECT: self.certificate,
                ISSUED_AT: int(self.issued_at.timestamp()),
                TOKEN_ID: codes.packed(self.code),
                BOX: [
                    self.product,
                    self.pack_g,
                    int(self.village_code),
                    self.village,
                    self.lot,
                    self.batch,
                    (self.harvested_on - _EPOCH).days,
                    (self.use_by - _EPOCH).days if self.use_by else None,
                ],
            }
        )


@dataclass(frozen=True)
class BoxCode:
    """A box code as it was read; `key_id` says who is to have signed it."""

    key_id: str
    facts: Facts
    message: cose.Sign1

    def verify(self, public_key: bytes) -> None:
        """That this raw Ed25519 key signed it. Errors: SignatureRejected."""
        verify_message(
            message=self.message.signed,
            signature=self.message.signature,
            algorithm="Ed25519",
            public_key=public_key,
        )


def sign(facts: Facts, *, signer: Signer) -> bytes:
    """The signed message: 64 bytes of it are the signature."""
    if signer.algorithm != "Ed25519":
        raise ValueError(f"box codes are not signed by {signer.algorithm}")
    key_id = bytes.fromhex(signer.key_id)
    return cose.sign1(facts.claims, key_id=key_id, sign=signer.sign)


def address(message: bytes) -> str:
    """HTTPS://HOST/V/…, for QR's alphanumeric mode. Errors: BoxCodeTooLong."""
    text = base64.b32encode(message).decode().rstrip("=")
    whole = f"{settings.BASE_URL}/V/".upper() + text
    if len(whole) > MAX_SIGNS:
        raise BoxCodeTooLong(len(whole) - MAX_SIGNS)
    return whole


def read(text: str) -> BoxCode:
    """What stands behind /V/, in upper or lower case. Errors: BoxCodeRejected."""
    try:
        message = cose.read_sign1(_bytes_of(text))
        headers = message.protected_headers
        key_id = headers.get(cose.KEY_ID)
        if (
            headers.keys() != {cose.ALGORITHM, cose.KEY_ID}
            or headers[cose.ALGORITHM] != cose.EDDSA
            or not isinstance(key_id, bytes)
            or len(key_id) != _KEY_ID_BYTES
            or message.other_headers
            or len(message.signature) != _SIGNATURE_BYTES
        ):
            raise BoxCodeRejected("its headers are not a box code's")
        return BoxCode(key_id.hex(), _facts(cbor.decode(message.payload)), message)
    except (cose.CoseRejected, cbor.CborRejected) as error:
        raise BoxCodeRejected(str(error)) from error


def _bytes_of(text: str) -> bytes:
    text = text.strip().upper()
    if len(text) > MAX_TEXT or not _ALPHABET.fullmatch(text):
        raise BoxCodeRejected("it is not base 32")
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError as error:
        raise BoxCodeRejected("it is not base 32") from error
    if base64.b32encode(data).decode().rstrip("=") != text:
        # Spare bits at the end would spell one message in two ways.
        raise BoxCodeRejected("it is not base 32")
    return data


def _facts(claims: Any) -> Facts:
    match claims:
        case {
            2: str(certificate),
            6: int(seconds),
            7: bytes(token),
            -65_537: [
                str(product),
                int(pack_g),
                int(village_code),
                str(village),
                str(lot),
                str(batch),
                int(harvested),
                int() | None as use_by,
            ],
        } if len(claims) == 4:
            pass
        case _:
            raise BoxCodeRejected("its claims are not a box code's")
    numbers = (seconds, pack_g, village_code, harvested, use_by)
    if any(isinstance(number, bool) for number in numbers) or pack_g <= 0:
        raise BoxCodeRejected("its claims are not a box code's")
    try:
        return Facts(
            code=codes.unpacked(token),
            product=product,
            pack_g=pack_g,
            village_code=_digits(village_code),
            village=village,
            lot=lot,
            batch=batch,
            certificate=certificate,
            harvested_on=_day(harvested),
            use_by=None if use_by is None else _day(use_by),
            issued_at=_moment(seconds),
        )
    except (ValueError, OverflowError) as error:
        raise BoxCodeRejected("its claims say what cannot be") from error


def _digits(village_code: int) -> str:
    text = str(village_code)
    if village_code < 0 or len(text) != 12:
        raise ValueError("a village's code has 12 digits")
    return text


def _day(days: int) -> date:
    return _EPOCH + timedelta(days=days)


def _moment(seconds: int) -> datetime:
    if not 0 <= seconds <= _LAST_SECOND:
        raise ValueError("no moment of ours")
    return datetime.fromtimestamp(seconds, UTC)
