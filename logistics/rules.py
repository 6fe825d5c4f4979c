"""Who may look at freight and change what it costs."""

import rules

from partners.organisations.rules import is_assistant, is_auditor, is_operator

rules.add_perm("logistics.view_freight", is_assistant | is_operator | is_auditor)
rules.add_perm("logistics.change_freight", is_operator)
