"""Who reads everybody's events, and who lets programs in."""

import rules

from partners.organisations.rules import is_auditor, is_operator

rules.add_perm("epcis.view_everything", is_operator | is_auditor)
rules.add_perm("epcis.let_in", is_operator)
