"""Who reads what a recall reached, and who tells again those it did not."""

import rules

from partners.organisations.rules import is_auditor, is_operator

rules.add_perm("recalls.view_recall", is_operator | is_auditor)
rules.add_perm("recalls.tell", is_operator)
