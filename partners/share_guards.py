"""What the database refuses about statements and shares, whoever asks.

Put up by migration 0002. To change one, copy what stands here into that migration
first: history keeps its words.
"""

from partners.guards import Trigger, append_only, refusal, refusing

_WRITTEN_ONCE = (
    "partners_agreement",
    "partners_statement",
    "partners_statementline",
    "partners_statementfinding",
    "partners_statementdecision",
    "partners_accrual",
    "partners_accrualreversal",
    "partners_payin",
    "partners_funding",
    "partners_disbursement",
    "partners_draw",
    "partners_confirmation",
)

_FOUR_EYES = "partners: whoever filed a statement does not decide on it"
_FILED_BY = "(SELECT filed_by_id FROM partners_statement WHERE id = NEW.statement_id)"

SECOND_PERSON_DECIDES = Trigger(
    name="partners_second_person_decides",
    table="partners_statementdecision",
    sqlite=f"""
        BEFORE INSERT ON partners_statementdecision
        WHEN NEW.decided_by_id = {_FILED_BY}
        BEGIN SELECT RAISE(ABORT, '{_FOUR_EYES}'); END""",
    postgresql="BEFORE INSERT ON partners_statementdecision FOR EACH ROW",
    body=f"""
        BEGIN
            IF NEW.decided_by_id = {_FILED_BY} THEN
                RAISE EXCEPTION '{_FOUR_EYES}'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END""",
)

_ONLY_UP = "partners: what was paid in or disbursed does not become less"

SUMS_ONLY_GROW = Trigger(
    name="partners_accrualline_only_grows",
    table="partners_accrualline",
    sqlite=f"""
        BEFORE UPDATE ON partners_accrualline
        WHEN NEW.funded_fen < OLD.funded_fen OR NEW.disbursed_fen < OLD.disbursed_fen
        BEGIN SELECT RAISE(ABORT, '{_ONLY_UP}'); END""",
    postgresql="BEFORE UPDATE ON partners_accrualline FOR EACH ROW",
    body=f"""
        BEGIN
            IF NEW.funded_fen < OLD.funded_fen
            OR NEW.disbursed_fen < OLD.disbursed_fen THEN
                RAISE EXCEPTION '{_ONLY_UP}'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END""",
)


def _no_truncate(table: str) -> Trigger:
    return Trigger(
        name=f"{table}_no_truncate",
        table=table,
        postgresql=f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
        body=refusal(f"{table}: TRUNCATE refused, correct by adding"),
    )


TRIGGERS: tuple[Trigger, ...] = (
    *(trigger for table in _WRITTEN_ONCE for trigger in append_only(table)),
    SECOND_PERSON_DECIDES,
    SUMS_ONLY_GROW,
    refusing(
        "partners_accrualline_fixed",
        "partners_accrualline",
        "UPDATE OF accrual_id, household_id, weight, amount_fen",
    ),
    refusing("partners_accrualline_no_delete", "partners_accrualline", "DELETE"),
    _no_truncate("partners_accrualline"),
    refusing(
        "partners_disbursementphoto_fixed",
        "partners_disbursementphoto",
        "UPDATE OF disbursement_id, stage, image",
    ),
    refusing(
        "partners_disbursementphoto_no_delete", "partners_disbursementphoto", "DELETE"
    ),
    _no_truncate("partners_disbursementphoto"),
)
