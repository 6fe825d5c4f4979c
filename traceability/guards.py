# ruff: noqa: S608  The SQL is put together from constants of this file only.
"""What the database refuses whoever asks: the promises of this package's rows.

To change one, copy what stands here into migration 0002 first, as history's words.
"""

from dataclasses import replace

from partners.guards import Trigger, append_only, refusal, refusing

_GAP = "traceability_logleaf: an index follows the last one, without a gap"
_ONCE = "traceability_label: what a label was is never taken back"

LEAF_FOLLOWS = Trigger(
    name="traceability_logleaf_follows",
    table="traceability_logleaf",
    sqlite=f"""
        BEFORE INSERT ON traceability_logleaf
        WHEN NEW."index" IS NOT
            (SELECT coalesce(max("index"), -1) + 1 FROM traceability_logleaf)
        BEGIN SELECT RAISE(ABORT, '{_GAP}'); END""",
    postgresql="BEFORE INSERT ON traceability_logleaf FOR EACH ROW",
    body=f"""
        BEGIN
            IF NEW."index" <>
                (SELECT coalesce(max("index"), -1) + 1 FROM traceability_logleaf) THEN
                RAISE EXCEPTION '{_GAP}'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END""",
)

_TAKEN_BACK = """
    NEW.number <> OLD.number OR NEW.batch_id <> OLD.batch_id
    OR NEW.scan_count < OLD.scan_count
    OR (OLD.activated_at IS NOT NULL
        AND (NEW.activated_at IS NULL OR NEW.activated_at <> OLD.activated_at))
    OR (OLD.first_scanned_at IS NOT NULL
        AND (NEW.first_scanned_at IS NULL
             OR NEW.first_scanned_at <> OLD.first_scanned_at))
"""
LABEL_KEEPS_ITS_PAST = Trigger(
    name="traceability_label_keeps_its_past",
    table="traceability_label",
    sqlite=f"""
        BEFORE UPDATE ON traceability_label WHEN {_TAKEN_BACK}
        BEGIN SELECT RAISE(ABORT, '{_ONCE}'); END""",
    postgresql="BEFORE UPDATE ON traceability_label FOR EACH ROW",
    body=f"""
        BEGIN
            IF {_TAKEN_BACK} THEN
                RAISE EXCEPTION '{_ONCE}'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END""",
)

_OPENED = "traceability_label: a hidden code is used once, and never taken back"
_OPENED_ANEW = """
    (NEW.scratched_at IS NULL) <> (NEW.scratched_by IS NULL)
    OR (NEW.scratched_at IS NOT NULL AND NEW.activated_at IS NULL)
    OR (OLD.scratched_at IS NOT NULL
        AND (NEW.scratched_at IS NULL OR NEW.scratched_at <> OLD.scratched_at
             OR NEW.scratched_by <> OLD.scratched_by))
"""
# Asked only where one of the two columns is written: counting a scan pays nothing.
HIDDEN_CODES = (
    Trigger(
        name="traceability_label_opens_once",
        table="traceability_label",
        sqlite=f"""
        BEFORE UPDATE OF scratched_at, scratched_by ON traceability_label
        WHEN {_OPENED_ANEW}
        BEGIN SELECT RAISE(ABORT, '{_OPENED}'); END""",
        postgresql="""
        BEFORE UPDATE OF scratched_at, scratched_by ON traceability_label
        FOR EACH ROW""",
        body=f"""
        BEGIN
            IF {_OPENED_ANEW} THEN
                RAISE EXCEPTION '{_OPENED}'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END""",
    ),
)

CLONES: tuple[Trigger, ...] = tuple(
    trigger
    for model in ("scanplace", "clonealarm", "cloneconclusion")
    for trigger in append_only(f"traceability_{model}")
)

_APPEND_ONLY = (
    "certificate",
    "event",
    "evidence",
    "labelbatch",
    "logcheckpoint",
    "logleaf",
    "lotlink",
    "scan",
    "signingkey",
    "statusevent",
)

_HOLDS = "traceability_lotlink: more went on than was booked out of the lot"
_BEYOND = """
    coalesce((SELECT sum(weight_g) FROM traceability_lotlink
              WHERE parent_id = NEW.parent_id), 0) + NEW.weight_g
    > (SELECT split_g FROM traceability_lot WHERE id = NEW.parent_id)
    OR coalesce((SELECT sum(weight_g) FROM traceability_lotlink
                 WHERE child_id = NEW.child_id), 0) + NEW.weight_g
    > (SELECT weight_g FROM traceability_lot WHERE id = NEW.child_id)
"""
_MOVED = "traceability_lot: what a lot held and what left it is never taken back"
_UNMOVED = "NEW.weight_g <> OLD.weight_g OR NEW.split_g < OLD.split_g"
LOTS: tuple[Trigger, ...] = (
    Trigger(
        name="traceability_lotlink_holds",
        table="traceability_lotlink",
        sqlite=f"""
            BEFORE INSERT ON traceability_lotlink WHEN {_BEYOND}
            BEGIN SELECT RAISE(ABORT, '{_HOLDS}'); END""",
        postgresql="BEFORE INSERT ON traceability_lotlink FOR EACH ROW",
        body=f"""
            BEGIN
                IF {_BEYOND} THEN
                    RAISE EXCEPTION '{_HOLDS}'
                    USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN NEW;
            END""",
    ),
    Trigger(
        name="traceability_lot_keeps_its_weight",
        table="traceability_lot",
        sqlite=f"""
            BEFORE UPDATE ON traceability_lot WHEN {_UNMOVED}
            BEGIN SELECT RAISE(ABORT, '{_MOVED}'); END""",
        postgresql="BEFORE UPDATE ON traceability_lot FOR EACH ROW",
        body=f"""
            BEGIN
                IF {_UNMOVED} THEN
                    RAISE EXCEPTION '{_MOVED}'
                    USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN NEW;
            END""",
    ),
)

_AGAIN = "traceability_labelprint: to print a label again needs a reason"
_FOREIGN = "traceability_labelprint: these labels are not of this batch"
_PRINTED_AGAIN = """
    NEW.reason = '' AND EXISTS (
        SELECT 1 FROM traceability_labelprint AS earlier
        WHERE earlier.batch_id = NEW.batch_id
        AND earlier.first_number <= NEW.last_number
        AND earlier.last_number >= NEW.first_number)
"""
_OUTSIDE = """
    NOT EXISTS (
        SELECT 1 FROM traceability_labelbatch AS batch
        WHERE batch.id = NEW.batch_id AND batch.first_number <= NEW.first_number
        AND NEW.last_number < batch.first_number + batch.count)
"""
PRINT_AGAIN_SAYS_WHY = Trigger(
    name="traceability_labelprint_says_why",
    table="traceability_labelprint",
    sqlite=f"""
        BEFORE INSERT ON traceability_labelprint WHEN {_PRINTED_AGAIN}
        BEGIN SELECT RAISE(ABORT, '{_AGAIN}'); END""",
    postgresql="BEFORE INSERT ON traceability_labelprint FOR EACH ROW",
    # Two at once wait here for each other, or neither would see the other's row.
    body=f"""
        BEGIN
            PERFORM 1 FROM traceability_labelbatch
                WHERE id = NEW.batch_id FOR NO KEY UPDATE;
            IF {_PRINTED_AGAIN} THEN
                RAISE EXCEPTION '{_AGAIN}'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END""",
)
PRINT_OF_ITS_BATCH = Trigger(
    name="traceability_labelprint_of_its_batch",
    table="traceability_labelprint",
    sqlite=f"""
        BEFORE INSERT ON traceability_labelprint WHEN {_OUTSIDE}
        BEGIN SELECT RAISE(ABORT, '{_FOREIGN}'); END""",
    postgresql="BEFORE INSERT ON traceability_labelprint FOR EACH ROW",
    body=f"""
        BEGIN
            IF {_OUTSIDE} THEN
                RAISE EXCEPTION '{_FOREIGN}'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END""",
)

# Of migrations after the first.
PRINTS: tuple[Trigger, ...] = (
    *append_only("traceability_labelprint"),
    *append_only("traceability_printpart"),
    PRINT_AGAIN_SAYS_WHY,
    PRINT_OF_ITS_BATCH,
)
KEY_LISTS: tuple[Trigger, ...] = tuple(append_only("traceability_publishedkeylist"))
WATCHES: tuple[Trigger, ...] = tuple(
    trigger
    for model in ("cosignature", "logalarm", "logalarmconclusion")
    for trigger in append_only(f"traceability_{model}")
)
BOXES: tuple[Trigger, ...] = tuple(
    trigger
    for model in ("boxissue", "revocationlist")
    for trigger in append_only(f"traceability_{model}")
)
# For a new purpose SQLite rebuilds the table of keys, and PostgreSQL does not.
KEYS_ON_SQLITE: tuple[Trigger, ...] = tuple(
    replace(trigger, postgresql="", body="")
    for trigger in append_only("traceability_signingkey")
)
QUOTAS: tuple[Trigger, ...] = tuple(
    trigger
    for model in ("yieldlimit", "weightcorrection", "licenceuse")
    for trigger in append_only(f"traceability_{model}")
)
COLLECTED: tuple[Trigger, ...] = tuple(append_only("traceability_collectedcertificate"))

TRIGGERS: tuple[Trigger, ...] = (
    *(
        trigger
        for model in _APPEND_ONLY
        for trigger in append_only(f"traceability_{model}")
    ),
    LEAF_FOLLOWS,
    LABEL_KEEPS_ITS_PAST,
    refusing("traceability_label_no_delete", "traceability_label", "DELETE"),
    Trigger(
        name="traceability_label_no_truncate",
        table="traceability_label",
        postgresql="BEFORE TRUNCATE ON traceability_label FOR EACH STATEMENT",
        body=refusal(_ONCE),
    ),
)
