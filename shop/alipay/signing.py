"""RSA2: PKCS#1 v1.5 over SHA-256, and nothing else.

The SDK's own check accepts SHA-1 and MD5 as well and raises where it should say no;
its own signing is pure Python and forty times slower. Source: design/money.md.
"""

import base64
import re
from collections.abc import Mapping

from alipay.aop.api.util.SignatureUtils import get_sign_content
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

# Where a value goes on like this, one text can be cut into fields in several ways.
_ANOTHER_FIELD = re.compile(r"&[A-Za-z0-9_]*=")
_FIELD_NAME = re.compile(r"[A-Za-z0-9_]+")
_CHINESE = {"gbk", "gb2312", "gb18030"}


class BadKey(Exception):
    """A key file that holds no RSA key of the wanted kind."""


def load_private_key(text: str) -> RSAPrivateKey:
    """Our key from PEM or bare base64, PKCS#1 or PKCS#8.

    Errors: BadKey where it is neither, or is locked with a password.
    """
    try:
        if "-----BEGIN" in text:
            key = serialization.load_pem_private_key(text.encode(), password=None)
        else:
            key = serialization.load_der_private_key(_bare(text), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(f"This is no RSA private key: {error}") from error
    if not isinstance(key, RSAPrivateKey):
        raise BadKey("The private key is of another kind than RSA.")
    return key


def load_public_key(text: str) -> RSAPublicKey:
    """Alipay's key from PEM or bare base64. Errors: BadKey where it is neither."""
    try:
        if "-----BEGIN" in text:
            key = serialization.load_pem_public_key(text.encode())
        else:
            key = serialization.load_der_public_key(_bare(text))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(f"This is no RSA public key: {error}") from error
    if not isinstance(key, RSAPublicKey):
        raise BadKey("The public key is of another kind than RSA.")
    return key


def _bare(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)


def sign(key: RSAPrivateKey, content: str) -> str:
    """The base64 RSA2 signature over `content` in UTF-8."""
    signature = key.sign(content.encode(), padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signature).decode("ascii")


def is_signed(
    key: RSAPublicKey, content: str, signature: str, *, charset: str = "utf-8"
) -> bool:
    """Whether `signature`, base64, is RSA2 over `content`. Never raises."""
    try:
        raw = base64.b64decode(signature.encode("ascii"), validate=True)
        key.verify(raw, content.encode(charset), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, TypeError, AttributeError):
        return False
    return True


def request_content(params: Mapping[str, str]) -> str:
    """What a request's signature covers: all that is not empty, except `sign`."""
    return str(get_sign_content({k: v for k, v in params.items() if k != "sign" and v}))


def message_content(params: Mapping[str, str]) -> str:
    """What the signature of a notice or a return covers: not sign, not sign_type."""
    unsigned = {"sign", "sign_type"}
    return str(get_sign_content({k: v for k, v in params.items() if k not in unsigned}))


def charset_of(params: Mapping[str, str]) -> str:
    """The codec of a message's texts. We ask for UTF-8; Alipay names what it used."""
    named = params.get("charset", "").strip().lower()
    return "gb18030" if named in _CHINESE else "utf-8"


def has_one_reading(params: Mapping[str, str]) -> bool:
    """Whether the signed text can be cut into these fields only.

    `subject=a&total_amount=1` is one field or two: its signature fits both.
    """
    return all(
        _FIELD_NAME.fullmatch(name) and not _ANOTHER_FIELD.search(value)
        for name, value in params.items()
    )
