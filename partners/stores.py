"""Uploads in an S3-compatible store: two buckets, one that everybody may read.

What such a store and the way to it can say is told as a disk would: FileNotFoundError,
or another OSError.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage


class StoreAway(OSError):
    """The store did not answer, or refused; only the kind of its error is told."""


@contextmanager
def _as_a_disk() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        # Its text can hold addresses and account names.
        raise StoreAway(type(error).__name__) from None


class PublicBucket(S3Storage):  # type: ignore[misc]
    """Pictures and papers under a public address."""

    def exists(self, name: str) -> bool:
        with _as_a_disk():
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with _as_a_disk():
            return int(super().size(name))

    def _open(self, name: str, mode: str = "rb") -> Any:
        with _as_a_disk():
            opened = super()._open(name, mode)
            # Fetched here and not while an answer is on its way to somebody.
            _ = opened.file
            return opened

    def _save(self, name: str, content: Any) -> str:
        with _as_a_disk():
            return str(super()._save(name, content))


class PrivateBucket(PublicBucket):
    """Receipts, statements, photos of people: only a view hands them out."""

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        raise ValueError("private files have no address")
