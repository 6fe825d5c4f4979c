"""Who may give back an order's money."""

import rules

from partners.organisations.rules import is_operator

rules.add_perm("ordering.refund_order", is_operator)
