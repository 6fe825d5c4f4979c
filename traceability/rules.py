"""Who may keep lots: the assistant of the lot's village, and the county's operators."""

from typing import Any

import rules

from partners.organisations.rules import is_auditor, is_operator, serves_village


@rules.predicate
def is_assistant(user: Any) -> bool:
    """Serves some village."""
    return bool(user.is_active) and getattr(user, "assistant", None) is not None


# Asked without a village: who has lots to look at, at all.
rules.add_perm("traceability.see_lots_page", is_assistant | is_operator | is_auditor)

# Both are asked with a village, a Division.
rules.add_perm("traceability.keep_lots", serves_village | is_operator)
rules.add_perm("traceability.view_lots", serves_village | is_operator | is_auditor)
