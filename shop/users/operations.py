"""Writes about people who log in."""

from shop.users.models import RoleGrant, User


def grant_role(*, user: User, role: str, by: User | None = None) -> RoleGrant:
    """Give `user` a role of `Role.values`; giving it twice changes nothing."""
    grant, created = RoleGrant.objects.get_or_create(
        user=user, role=role, defaults={"granted_by": by}
    )
    if created and hasattr(user, "_held_roles"):
        del user._held_roles
    return grant
