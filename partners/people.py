"""The person behind an account, as far as this package may know."""

from typing import Any, TypeAlias

# A row of settings.AUTH_USER_MODEL. The model lives in the shop, above us.
Person: TypeAlias = Any
