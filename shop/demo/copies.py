"""Two copied codes of the demo county, so that the map of copies shows something.

The scans are invented as everybody in this county is; they are counted as real ones.
"""

from datetime import datetime, timedelta

from traceability.models import CloneAlarm, Label, StatusEvent
from traceability.operations import count_scan, tell_place

# Tenths of a degree: Changsha, Shanghai; then towns of one province.
_FAR_APART = ((282, 1129), (312, 1215))
_TOO_MANY = (
    (282, 1129),
    (278, 1131),
    (274, 1126),
    (290, 1117),
    (294, 1131),
    (282, 1130),
)


def copy_labels(*, at: datetime) -> None:
    """Let two labels be scanned as if each were on two packages, in the last hours."""
    if CloneAlarm.objects.exists():
        return
    on_boxes = Label.objects.filter(activated_at__isnull=False, scan_count=0).exclude(
        batch__lot__status_events__status=StatusEvent.Status.RECALLED
    )
    for label, places in zip(
        on_boxes.order_by("-pk")[:2], (_FAR_APART, _TOO_MANY), strict=False
    ):
        began = at - timedelta(minutes=40 * len(places))
        for number, (latitude, longitude) in enumerate(places):
            when = began + timedelta(minutes=40 * number)
            who = {"code": label.code, "device": f"demo-phone-{label.pk:08d}-{number}"}
            count_scan(**who, at=when)
            tell_place(**who, latitude=latitude, longitude=longitude, at=when)
