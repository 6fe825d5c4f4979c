"""Who may look at findings and decide about them."""

from typing import Any

import rules

from partners.organisations.rules import is_auditor, is_operator
from partners.supervision.models import Finding


@rules.predicate
def did_not_disburse(user: Any, finding: Finding | None) -> bool:
    """Is a second person: did not record the disbursement the finding is about."""
    if finding is None or finding.disbursement is None:
        return finding is not None
    return bool(finding.disbursement.recorded_by_id != user.pk)


rules.add_perm("supervision.view_findings", is_operator | is_auditor)
rules.add_perm("supervision.decide_finding", is_operator & did_not_disburse)
rules.add_perm("supervision.record_fact", is_operator)
