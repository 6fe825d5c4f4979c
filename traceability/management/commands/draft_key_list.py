"""Write the next key list, for the offline root to sign."""

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from traceability import keylists, operations, queries, signing
from traceability.models import KeyPurpose


class Command(BaseCommand):
    help = (
        "Write the next key list to a file. Carry it to the offline machine, sign it"
        " there with offline_root.py, and take it in with take_key_list."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--rotate",
            choices=KeyPurpose.values,
            action="append",
            default=[],
            help="make a new key for this, good from --from on",
        )
        parser.add_argument(
            "--compromised",
            metavar="KEY_ID",
            help="somebody else may have it since --since",
        )
        parser.add_argument("--expire", metavar="KEY_ID", help="it ends at --until")
        parser.add_argument(
            "--from",
            dest="starts_at",
            type=_moment,
            help="when a new key begins to sign: in a day, or now if one was stolen;"
            " in the first list, from when its keys are good",
        )
        parser.add_argument("--since", type=_moment, help="2026-11-19T09:00+08:00")
        parser.add_argument("--until", type=_moment, help="2026-11-19T09:00+08:00")
        parser.add_argument(
            "--lines",
            type=int,
            help="believe only so many lines of the log; from a checkpoint that a"
            " witness kept, where the thief may have written into the database",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            document = operations.draft_key_list(
                changes=list(_changes(options, now)),
                valid_from=options["starts_at"],
                at=now,
            )
        except (
            keylists.KeyListRejected,
            operations.UnableToListKeys,
            signing.MissingKey,
        ) as error:
            raise CommandError(str(error)) from error
        options["file"].write_text(document, encoding="utf-8")
        self.stdout.write(f"{options['file']}: sign it with ops/offline_root.py.")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _changes(options: dict[str, Any], now: datetime) -> list[keylists.Change]:
    changes: list[keylists.Change] = []
    stolen, since = options["compromised"], options["since"]
    if bool(stolen) != bool(since):
        raise CommandError("Say both --compromised KEY_ID and --since WHEN.")
    if bool(options["expire"]) != bool(options["until"]):
        raise CommandError("Say both --expire KEY_ID and --until WHEN.")
    if stolen:
        lines = options["lines"]
        if lines is None:
            lines = queries.lines_before(since)
        changes.append(keylists.Compromise(key_id=stolen, since=since, lines=lines))
    if options["expire"]:
        changes.append(
            keylists.Expire(key_id=options["expire"], until=options["until"])
        )
    for purpose in options["rotate"]:
        starts_at = options["starts_at"] or (now if stolen else now + operations.NOTICE)
        changes.append(
            operations.prepare_rotation(
                purpose=KeyPurpose(purpose), starts_at=starts_at, at=now
            )
        )
    return changes
