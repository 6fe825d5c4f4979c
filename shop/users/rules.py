"""Who may do what to people's accounts."""

import rules

from partners.organisations.rules import is_auditor, is_operator

rules.add_perm("users.grant_role", is_operator)
rules.add_perm("users.reset_authenticator", is_operator)
rules.add_perm("users.view_user", is_operator | is_auditor)
