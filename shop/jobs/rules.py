"""Who sees jobs that broke, and who starts them again."""

import rules

from partners.organisations.rules import is_auditor, is_operator

rules.add_perm("jobs.view_brokenjob", is_operator | is_auditor)
rules.add_perm("jobs.run_again", is_operator)
