"""Who may do what with supermarkets, households, statements and shares."""

from typing import Any

import rules

from partners.models import Household, Statement, Supermarket
from partners.organisations.rules import is_auditor, is_operator


@rules.predicate
def is_manager(user: Any, supermarket: Supermarket | None) -> bool:
    """Manages just this supermarket."""
    if supermarket is None or not user.is_authenticated or not user.is_active:
        return False
    return supermarket.managers.filter(pk=user.pk).exists()


@rules.predicate
def may_decide(user: Any, statement: Statement | None) -> bool:
    """Is a second person: neither filed the statement nor manages its supermarket."""
    if statement is None or statement.filed_by_id == user.pk:
        return False
    return not is_manager(user, statement.supermarket)


@rules.predicate
def is_contact(user: Any, household: Household | None) -> bool:
    """Answers for just this household."""
    if household is None or not user.is_authenticated or not user.is_active:
        return False
    return household.contact_id is not None and household.contact_id == user.pk


rules.add_perm("partners.file_statement", is_manager)
rules.add_perm("partners.view_supermarket", is_manager | is_operator | is_auditor)
rules.add_perm("partners.decide_statement", is_operator & may_decide)
rules.add_perm("partners.record_money", is_operator)
rules.add_perm("partners.register", is_operator)
rules.add_perm("partners.view_household", is_contact | is_operator | is_auditor)
rules.add_perm("partners.confirm_receipt", is_contact)
rules.add_perm("partners.view_backoffice", is_operator | is_auditor)
