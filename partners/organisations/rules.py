"""Who may do what to which place, farmer and assistant."""

from typing import Any

import rules

from partners.organisations.models import Division, Farmer


def _holds(user: Any, role: str) -> bool:
    return bool(user.is_authenticated and user.is_active and user.has_role(role))


@rules.predicate
def is_operator(user: Any) -> bool:
    """Works for the county."""
    return _holds(user, "operator")


@rules.predicate
def is_auditor(user: Any) -> bool:
    """May look at everything and change nothing."""
    return _holds(user, "auditor")


@rules.predicate
def is_inspector(user: Any) -> bool:
    """May look at everything of traceability and change nothing."""
    return _holds(user, "inspector")


@rules.predicate
def is_assistant(user: Any) -> bool:
    """Serves at least one village: who was dismissed keeps a row and no door."""
    if not user.is_authenticated or not user.is_active:
        return False
    assistant = getattr(user, "assistant", None)
    return assistant is not None and assistant.villages.exists()


@rules.predicate
def serves_village(user: Any, village: Division | None) -> bool:
    """Is the assistant of just this village."""
    if village is None or not user.is_authenticated or not user.is_active:
        return False
    assistant = getattr(user, "assistant", None)
    return assistant is not None and assistant.serves(village.pk)


@rules.predicate
def serves_farmer(user: Any, farmer: Farmer | None) -> bool:
    """Is the assistant of this farmer's village."""
    return farmer is not None and serves_village(user, farmer.village)


@rules.predicate
def is_this_farmer(user: Any, farmer: Farmer | None) -> bool:
    """Is the farmer, logged in."""
    return farmer is not None and user.is_authenticated and farmer.user_id == user.pk


rules.add_perm("organisations.assist", is_assistant)
rules.add_perm("organisations.serve_village", serves_village)
rules.add_perm("organisations.view_village", serves_village | is_operator | is_auditor)
rules.add_perm("organisations.register_farmer", serves_village | is_operator)
rules.add_perm(
    "organisations.view_farmer",
    serves_farmer | is_this_farmer | is_operator | is_auditor,
)
rules.add_perm("organisations.change_farmer", serves_farmer | is_operator)
rules.add_perm("organisations.move_phone", is_operator)
rules.add_perm("organisations.appoint_assistant", is_operator)
rules.add_perm("organisations.open_account", is_operator)
rules.add_perm("organisations.open_station", is_operator)
rules.add_perm("organisations.register_cooperative", is_operator)
rules.add_perm("organisations.view_audit", is_operator | is_auditor)
