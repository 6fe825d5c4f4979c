"""What happened to produce, from the plot to the scan of a box."""

from traceability.models.boxes import BoxIssue, RevocationList
from traceability.models.certificates import (
    Certificate,
    CertificateBalance,
    KeyPurpose,
    PublishedKeyList,
    SigningKey,
)
from traceability.models.clones import CloneAlarm, CloneConclusion, ScanPlace
from traceability.models.collected import CollectedCertificate
from traceability.models.counters import Counter
from traceability.models.events import Event, Evidence
from traceability.models.imports import RecordImport
from traceability.models.labels import Label, LabelBatch, StatusEvent, Suspicion
from traceability.models.log import (
    Cosignature,
    LeafKind,
    LogAlarm,
    LogAlarmConclusion,
    LogCheckpoint,
    LogLeaf,
)
from traceability.models.lots import Lot, LotLink, Plot
from traceability.models.prints import LabelPrint, PrintJob, PrintPart
from traceability.models.quotas import (
    Licence,
    LicenceUse,
    Mark,
    PlotYear,
    WeightCorrection,
    YieldLimit,
)
from traceability.models.scans import FakeReport, ReportConclusion, Scan

__all__ = [
    "BoxIssue",
    "Certificate",
    "CertificateBalance",
    "CloneAlarm",
    "CloneConclusion",
    "CollectedCertificate",
    "Cosignature",
    "Counter",
    "Event",
    "Evidence",
    "FakeReport",
    "KeyPurpose",
    "Label",
    "LabelBatch",
    "LabelPrint",
    "LeafKind",
    "Licence",
    "LicenceUse",
    "LogAlarm",
    "LogAlarmConclusion",
    "LogCheckpoint",
    "LogLeaf",
    "Lot",
    "LotLink",
    "Mark",
    "Plot",
    "PlotYear",
    "PrintJob",
    "PrintPart",
    "PublishedKeyList",
    "RecordImport",
    "ReportConclusion",
    "RevocationList",
    "Scan",
    "ScanPlace",
    "SigningKey",
    "StatusEvent",
    "Suspicion",
    "WeightCorrection",
    "YieldLimit",
]
