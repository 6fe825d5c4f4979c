"""What the database says of one label at this moment: one question."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from partners.prepared import Prepared
from traceability.models import Label, LabelBatch


class Look(NamedTuple):
    """What the database says of one label at this moment, in one query.

    `marks` differ as soon as anything was added to what is told of its batch.
    `reasons` are by status: what became of the label, its batch, certificate and lot.
    """

    number: int
    batch_id: int
    activated_at: datetime | None
    scan_count: int
    first_scanned_at: datetime | None
    scratched_at: datetime | None
    scratched_by: str | None
    suspicion: str
    marks: tuple[Any, ...]
    reasons: dict[str, str]

    def label_in(self, batch: LabelBatch) -> Label:
        """The label's row, with its batch as it was compared with what was signed."""
        label = Label(
            number=self.number,
            activated_at=self.activated_at,
            scan_count=self.scan_count,
            first_scanned_at=self.first_scanned_at,
            scratched_at=self.scratched_at,
            scratched_by=self.scratched_by,
            suspicion=self.suspicion or None,
        )
        label.batch = batch
        label._state.adding = False
        label._state.db = batch._state.db
        return label


# By hand: every scan asks it, and the ORM takes longer to write it than databases to
# answer it. Events and papers are only ever added, so that their number is their state.
_LOOK = Prepared("""
    SELECT l.batch_id, l.activated_at, l.scan_count, l.first_scanned_at,
        l.scratched_at, l.scratched_by, l.suspicion, s.status, s.reason,
        b.number, b.certificate_id, b.lot_id, b.product_name, b.pack_g, b.count,
        b.first_number, b.root, b.expires_on, b.scratch,
        (SELECT count(*) FROM traceability_event e WHERE e.lot_id = b.lot_id),
        (SELECT count(*) FROM traceability_evidence p WHERE p.lot_id = b.lot_id),
        (SELECT max(k.number) FROM traceability_publishedkeylist k)
    FROM traceability_label l
    JOIN traceability_labelbatch b ON b.id = l.batch_id
    LEFT JOIN traceability_statusevent s ON s.label_id = l.number
        OR s.batch_id = l.batch_id OR s.certificate_id = b.certificate_id
        OR s.lot_id = b.lot_id
    WHERE l.number = %s""")


def look_at(number: int) -> Look | None:
    """The label and all that became of it; None where there is none."""
    rows = _LOOK.rows(number)
    if not rows:
        return None
    (batch_id, activated_at, scan_count, first_at, *opened, suspicion) = rows[0][:7]
    scratched_at, scratched_by = opened
    return Look(
        number=number,
        batch_id=batch_id,
        activated_at=_aware(activated_at),
        scan_count=scan_count,
        first_scanned_at=_aware(first_at),
        scratched_at=_aware(scratched_at),
        scratched_by=scratched_by,
        suspicion=suspicion or "",
        marks=rows[0][9:],
        reasons={row[7]: row[8] for row in rows if row[7] is not None},
    )


def _aware(moment: datetime | None) -> datetime | None:
    """SQLite keeps UTC without saying so."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
