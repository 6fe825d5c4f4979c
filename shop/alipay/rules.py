"""Who may look at payments, and who may settle what differs."""

import rules

from partners.organisations.rules import is_auditor, is_operator

rules.add_perm("alipay.view_payment", is_operator | is_auditor)
rules.add_perm("alipay.settle_difference", is_operator)
