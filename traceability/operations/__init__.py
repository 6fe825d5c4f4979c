"""Every write of traceability, each a verb with its errors beside it."""

from traceability.operations.certificates import (
    UnableToCertify,
    UnableToWithdraw,
    issue_certificate,
    revoke_certificate,
    supersede_certificate,
)
from traceability.operations.events import (
    UnableToAttach,
    UnableToRecordEvent,
    attach_evidence,
    record_event,
    strike_event,
)
from traceability.operations.labels import (
    MAX_BATCH,
    UnableToMint,
    UnableToPack,
    UnableToRecall,
    UnableToVoid,
    mint_labels,
    pack_label,
    recall_lot,
    void_label,
)
from traceability.operations.log import LogDiverged, publish_log, register_key
from traceability.operations.lots import (
    Portion,
    UnableToMove,
    UnableToRecordLot,
    UnableToRegisterPlot,
    merge_lots,
    record_lot,
    register_plot,
    split_lot,
)
from traceability.operations.scans import (
    UnableToConclude,
    UnableToReport,
    conclude_report,
    count_scan,
    report_fake,
)
from traceability.operations.statuses import label_hash

__all__ = [
    "MAX_BATCH",
    "LogDiverged",
    "Portion",
    "UnableToAttach",
    "UnableToCertify",
    "UnableToConclude",
    "UnableToMint",
    "UnableToMove",
    "UnableToPack",
    "UnableToRecall",
    "UnableToRecordEvent",
    "UnableToRecordLot",
    "UnableToRegisterPlot",
    "UnableToReport",
    "UnableToVoid",
    "UnableToWithdraw",
    "attach_evidence",
    "conclude_report",
    "count_scan",
    "issue_certificate",
    "label_hash",
    "merge_lots",
    "mint_labels",
    "pack_label",
    "publish_log",
    "recall_lot",
    "record_event",
    "record_lot",
    "register_key",
    "register_plot",
    "report_fake",
    "revoke_certificate",
    "split_lot",
    "strike_event",
    "supersede_certificate",
    "void_label",
]
