"""Who may list for whom: assistants, for the farmers of their own villages."""

from typing import Any

import rules

from partners.organisations.rules import is_assistant, is_auditor, is_operator
from shop.listings.models import Listing


@rules.predicate
def serves_listing(user: Any, listing: Listing | None) -> bool:
    """Serves the listing's village; a draft without one is its assistant's own."""
    if listing is None or not is_assistant(user):
        return False
    if listing.village_id is None:
        return bool(listing.assistant_id == user.assistant.pk)
    return bool(user.assistant.serves(listing.village_id))


rules.add_perm("listings.assist", is_assistant)
rules.add_perm("listings.change_listing", serves_listing)
rules.add_perm("listings.view_listing", serves_listing | is_operator | is_auditor)
