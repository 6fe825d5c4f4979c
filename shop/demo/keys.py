"""The demo's keys, and a root of its own for them.

A county's root is made on a machine without a network (docs/keys.md). Here one machine
plays both, with the same program and the same two commands.
"""

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from traceability import operations, queries

PROGRAM = Path(settings.ROOT) / "ops" / "offline_root.py"
# The county's history is older than its keys.
PAST = timedelta(days=366)


def make(var: Path) -> None:
    """The root, the keys and the first list, where they are missing."""
    offline = var / "offline-machine"
    public = Path(settings.ROOT_KEY_FILE)
    began = timezone.now() - PAST
    if not (offline / "root.pem").exists():
        _offline("make", str(offline), "--name", f"{settings.LOG_ORIGIN}/root")
    if not public.exists():
        public.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(offline / "root.pub", public)
    operations.record_first_keys(at=began)
    if queries.key_list() is not None:
        return
    draft, signed = offline / "list-1.json", offline / "list-1.signed.json"
    if not draft.exists():
        text = operations.draft_key_list(valid_from=began, at=began)
        draft.write_text(text, encoding="utf-8")
    _offline("sign", str(draft), "--root", str(offline), "--out", str(signed), "--yes")
    operations.take_key_list(text=signed.read_text(encoding="utf-8"), at=began)


def _offline(*words: str) -> None:
    subprocess.run(
        [sys.executable, str(PROGRAM), *words, "--no-passphrase"],
        check=True,
        capture_output=True,
    )
