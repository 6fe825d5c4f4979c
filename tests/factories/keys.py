"""A county with an offline root: two folders that stand for two machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.factories.programs import OPS, program
from tests.factories.traceability import NOW
from traceability import operations, queries
from traceability.keylists import Change, Compromise, KeyList, Rotate
from traceability.models import KeyPurpose, PublishedKeyList

PROGRAM = OPS / "offline_root.py"
ORIGIN = "xiangji.example/430722"


offline_root = program("offline_root")


@dataclass(frozen=True)
class OfflineMachine:
    """Where the root's private half is, and nothing of ours."""

    folder: Path

    @classmethod
    def new(cls, folder: Path) -> "OfflineMachine":
        offline_root.make(folder, f"{ORIGIN}/root", None)
        return cls(folder)

    @property
    def public_file(self) -> Path:
        return self.folder / "root.pub"

    def sign(self, document: str) -> str:
        signed: str = offline_root.sign(document, self.folder, None)
        return signed

    def forget(self) -> None:
        """As a root that was stolen, or whose keeper does not look."""
        (self.folder / "last-signed.json").unlink(missing_ok=True)

    def list_keys(
        self, *changes: Change, at: datetime = NOW, **facts: Any
    ) -> PublishedKeyList:
        """Draft, sign, take in: what three commands do."""
        document = operations.draft_key_list(changes=changes, at=at, **facts)
        return operations.take_key_list(text=self.sign(document), at=at)


def listed() -> KeyList:
    found = queries.key_list()
    assert found is not None
    return found


def key_for(purpose: str, *, at: datetime = NOW) -> str:
    """The id of the key that signs at a moment."""
    key = listed().signing_key(purpose, at=at)
    assert key is not None
    return key.key_id


def rotation(purpose: str, *, starts_at: datetime, at: datetime = NOW) -> Rotate:
    return operations.prepare_rotation(
        purpose=KeyPurpose(purpose), starts_at=starts_at, at=at
    )


def theft(key_id: str, *, since: datetime) -> Compromise:
    return Compromise(key_id=key_id, since=since, lines=queries.lines_before(since))


def emergency(key_id: str, *, since: datetime, at: datetime) -> Sequence[Change]:
    """A key was stolen, and another one takes over at once."""
    return [
        theft(key_id, since=since),
        rotation("certificate", starts_at=at, at=at),
    ]
