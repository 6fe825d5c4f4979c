"""Who may keep lots: the assistant of the lot's village, and the county's operators."""

import rules

from partners.organisations.rules import is_auditor, is_operator, serves_village

# Both are asked with a village, a Division.
rules.add_perm("traceability.keep_lots", serves_village | is_operator)
rules.add_perm("traceability.view_lots", serves_village | is_operator | is_auditor)
