"""Who may see and resend text messages."""

import rules

from partners.organisations.rules import is_auditor, is_operator

rules.add_perm("notices.view_textmessage", is_operator | is_auditor)
rules.add_perm("notices.resend", is_operator)
