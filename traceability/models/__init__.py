"""What happened to produce, from the plot to the scan of a box."""

from traceability.models.boxes import BoxIssue, RevocationList
from traceability.models.certificates import (
    Certificate,
    CertificateBalance,
    KeyPurpose,
    PublishedKeyList,
    SigningKey,
)
from traceability.models.counters import Counter
from traceability.models.events import Event, Evidence
from traceability.models.labels import Label, LabelBatch, StatusEvent
from traceability.models.log import (
    Cosignature,
    LeafKind,
    LogAlarm,
    LogAlarmConclusion,
    LogCheckpoint,
    LogLeaf,
)
from traceability.models.lots import Lot, LotLink, Plot
from traceability.models.scans import FakeReport, ReportConclusion, Scan

__all__ = [
    "BoxIssue",
    "Certificate",
    "CertificateBalance",
    "Cosignature",
    "Counter",
    "Event",
    "Evidence",
    "FakeReport",
    "KeyPurpose",
    "Label",
    "LabelBatch",
    "LeafKind",
    "LogAlarm",
    "LogAlarmConclusion",
    "LogCheckpoint",
    "LogLeaf",
    "Lot",
    "LotLink",
    "Plot",
    "PublishedKeyList",
    "ReportConclusion",
    "RevocationList",
    "Scan",
    "SigningKey",
    "StatusEvent",
]
