"""Personal fields: encrypted at rest, found again by a keyed blind index, masked."""

import base64
import hashlib
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    _Text = models.TextField[str, str]
else:
    _Text = models.TextField


def mask_name(name: str) -> str:
    """张**: the family name and nothing else. Source: the public notice rules."""
    return f"{name[:1]}**" if name else ""


def blind_index(kind: str, value: str) -> str:
    """A keyed fingerprint for equality look-ups of an encrypted field.

    `kind` ("phone", "id_number", "bank_card") keeps equal values of different
    fields apart. Returns 64 hexadecimal digits.
    """
    key = settings.BLIND_INDEX_SECRET.encode()
    return hmac.new(key, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=4)
def _cipher(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()))


class EncryptedField(_Text):
    """Text that the database only ever sees encrypted. Cannot be looked up."""

    def get_prep_value(self, value: Any) -> Any:
        if value is None or value == "":
            return value
        return _cipher(settings.FIELD_SECRET).encrypt(str(value).encode()).decode()

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None or value == "":
            return value
        try:
            return _cipher(settings.FIELD_SECRET).decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise ValueError(
                f"{self.model.__name__}.{self.name} was encrypted with another key"
            ) from error
