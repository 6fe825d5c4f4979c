"""Who may keep lots: the assistant of the lot's village, and the county's operators.
Auditors and inspectors look at all of them."""

import rules

from partners.organisations.rules import (
    is_assistant,
    is_auditor,
    is_inspector,
    is_operator,
    serves_village,
)

# Asked without a village: who has lots to look at, and who may record any.
_is_reader = is_operator | is_auditor | is_inspector
rules.add_perm("traceability.see_lots_page", is_assistant | _is_reader)
rules.add_perm("traceability.record_lots", is_assistant | is_operator)

# Taking back what was said in public is the county's.
rules.add_perm("traceability.recall_lot", is_operator)
rules.add_perm("traceability.revoke_certificate", is_operator)

# Both are asked with a village, a Division.
rules.add_perm("traceability.keep_lots", serves_village | is_operator)
rules.add_perm("traceability.view_lots", serves_village | _is_reader)

# The register of certificates, with names and numbers of who promised.
rules.add_perm("traceability.view_records", is_assistant | _is_reader)

rules.add_perm("traceability.view_reports", _is_reader)
rules.add_perm("traceability.conclude_report", is_operator)
rules.add_perm("traceability.view_prints", _is_reader)

# What land and licences allow is for the county to say; whoever keeps lots reads it.
rules.add_perm("traceability.view_quotas", _is_reader)
rules.add_perm("traceability.set_quotas", is_operator)
