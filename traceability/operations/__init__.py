"""Every write of traceability, each a verb with its errors beside it."""

from traceability.operations.boxes import UnableToIssueBoxes, issue_boxes
from traceability.operations.certificates import (
    UnableToCertify,
    UnableToWithdraw,
    issue_certificate,
    revoke_certificate,
    supersede_certificate,
)
from traceability.operations.clones import (
    UnableToConcludeClone,
    UnableToPlace,
    conclude_clone_alarm,
    tell_place,
)
from traceability.operations.collecting import UnableToCollect, collect_certificate
from traceability.operations.events import (
    UnableToAttach,
    UnableToRecordEvent,
    attach_evidence,
    record_event,
    strike_event,
)
from traceability.operations.importing import (
    UnableToImport,
    carry_out_import,
    check_import,
    read_checked,
)
from traceability.operations.keys import (
    NOTICE,
    UnableToListKeys,
    draft_key_list,
    prepare_rotation,
    record_first_keys,
    register_key,
    take_key_list,
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
from traceability.operations.lots import (
    Portion,
    UnableToCorrect,
    UnableToMove,
    UnableToRecordLot,
    UnableToRegisterPlot,
    merge_lots,
    record_lot,
    register_plot,
    split_lot,
    take_off_weight,
)
from traceability.operations.prints import (
    UnableToPrint,
    forget_prints,
    print_labels,
    waiting_prints,
    write_print,
)
from traceability.operations.publishing import LogDiverged, publish_log
from traceability.operations.quotas import (
    QuotaExceeded,
    UnableToLicense,
    UnableToSetLimit,
    end_licence,
    register_licence,
    set_yield_limit,
)
from traceability.operations.scans import (
    UnableToConclude,
    UnableToReport,
    conclude_report,
    count_scan,
    report_fake,
)
from traceability.operations.scratching import UnableToScratch, scratch_label
from traceability.operations.statuses import label_hash
from traceability.operations.watching import (
    UnableToConcludeAlarm,
    conclude_log_alarm,
    watch_log,
)
from traceability.operations.witnesses import gather_cosignatures

__all__ = [
    "MAX_BATCH",
    "NOTICE",
    "LogDiverged",
    "Portion",
    "QuotaExceeded",
    "UnableToAttach",
    "UnableToCertify",
    "UnableToCollect",
    "UnableToConclude",
    "UnableToConcludeAlarm",
    "UnableToConcludeClone",
    "UnableToCorrect",
    "UnableToImport",
    "UnableToIssueBoxes",
    "UnableToLicense",
    "UnableToListKeys",
    "UnableToMint",
    "UnableToMove",
    "UnableToPack",
    "UnableToPlace",
    "UnableToPrint",
    "UnableToRecall",
    "UnableToRecordEvent",
    "UnableToRecordLot",
    "UnableToRegisterPlot",
    "UnableToReport",
    "UnableToScratch",
    "UnableToSetLimit",
    "UnableToVoid",
    "UnableToWithdraw",
    "attach_evidence",
    "carry_out_import",
    "check_import",
    "collect_certificate",
    "conclude_clone_alarm",
    "conclude_log_alarm",
    "conclude_report",
    "count_scan",
    "draft_key_list",
    "end_licence",
    "forget_prints",
    "gather_cosignatures",
    "issue_boxes",
    "issue_certificate",
    "label_hash",
    "merge_lots",
    "mint_labels",
    "pack_label",
    "prepare_rotation",
    "print_labels",
    "publish_log",
    "read_checked",
    "recall_lot",
    "record_event",
    "record_first_keys",
    "record_lot",
    "register_key",
    "register_licence",
    "register_plot",
    "report_fake",
    "revoke_certificate",
    "scratch_label",
    "set_yield_limit",
    "split_lot",
    "strike_event",
    "supersede_certificate",
    "take_key_list",
    "take_off_weight",
    "tell_place",
    "void_label",
    "waiting_prints",
    "watch_log",
    "write_print",
]
