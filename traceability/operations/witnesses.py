"""Asking witnesses to cosign what the log says, and publishing what they answer."""

import logging
from datetime import datetime
from pathlib import Path

from django.conf import settings

from traceability import cosignatures, merkle, tlog
from traceability.cosignatures import Witness, WitnessAway, WitnessRefuses
from traceability.models import Cosignature, LogAlarm, LogCheckpoint
from traceability.operations.publishing import alone
from traceability.operations.watching import raise_alarm

log = logging.getLogger(__name__)


def gather_cosignatures(*, at: datetime) -> list[Cosignature]:
    """Ask every witness that has not cosigned the newest checkpoint yet; what holds is
    kept and stands under the published checkpoint. Asking again is harmless.

    A witness that is away is asked next time; one that saw another history raises an
    alarm. Errors: tlog.LogDamaged.
    """
    row = LogCheckpoint.objects.order_by("-size").first()
    if row is None or row.size == 0:
        return []
    checkpoint = tlog.read_checkpoint(row.note)
    gathered = []
    for witness in map(Witness.read, settings.WITNESSES):
        if row.cosignatures.filter(witness=witness.name).exists():
            continue
        try:
            seen = _asked(witness, checkpoint)
        except WitnessAway as error:
            log.warning("No cosignature: %s", error)
            continue
        except WitnessRefuses as error:
            raise_alarm(
                found=LogAlarm.Found.WITNESS,
                detail=str(error),
                seen=checkpoint.note,
                at=at,
            )
            continue
        cosigned, _created = Cosignature.objects.get_or_create(
            checkpoint=row,
            witness=seen.witness,
            defaults={"line": seen.line, "seen_at": seen.at},
        )
        gathered.append(cosigned)
    if gathered:
        _publish(row)
    return gathered


def _asked(witness: Witness, checkpoint: tlog.Checkpoint) -> cosignatures.Seen:
    """Begin from what it cosigned last, or from what it says that it knows."""
    old = (
        Cosignature.objects.filter(witness=witness.name)
        .order_by("-checkpoint")
        .values_list("checkpoint", flat=True)
        .first()
    ) or 0
    for _again in range(2):
        answer = cosignatures.ask(
            witness, checkpoint=checkpoint, old=old, proof=_proof(old, checkpoint)
        )
        if isinstance(answer, cosignatures.Seen):
            return answer
        old = answer
        if old > checkpoint.size:
            # It may have been asked by another process of ours, a checkpoint later.
            if LogCheckpoint.objects.filter(size__gte=old).exists():
                break
            raise WitnessRefuses(f"{witness.name} knows {old} lines of ours")
    raise WitnessAway(f"{witness.name} is at another size: {old}")


def _proof(old: int, checkpoint: tlog.Checkpoint) -> list[bytes]:
    if not 0 < old < checkpoint.size:
        return []
    folder = tlog.TileFolder(Path(settings.LOG_FOLDER))
    node = folder.node(checkpoint.size)
    return merkle.consistency_proof(node, old=old, new=checkpoint.size)


def _publish(row: LogCheckpoint) -> None:
    """Under the checkpoint, unless the log has grown meanwhile."""
    folder = tlog.TileFolder(Path(settings.LOG_FOLDER))
    with alone(folder=folder.folder):
        published = folder.checkpoint()
        if published is None or published.size != row.size:
            return
        lines = row.cosignatures.order_by("witness").values_list("line", flat=True)
        note = row.note + "".join(f"{line}\n" for line in lines)
        folder.write("checkpoint", note.encode())
