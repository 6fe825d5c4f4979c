"""What `manage.py check` (and so every start) says about our keys."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from . import signing


@register()
def keys_can_be_used(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Each key file that the settings name holds a key of the right kind."""
    del app_configs, kwargs
    readers: dict[str, Callable[[str], object]] = {
        "ALIPAY_APP_PRIVATE_KEY_FILE": signing.load_private_key,
        "ALIPAY_PUBLIC_KEY_FILE": signing.load_public_key,
    }
    found: list[CheckMessage] = []
    for name, read in readers.items():
        try:
            read(Path(getattr(settings, name)).read_text(encoding="ascii"))
        except (OSError, ValueError, signing.BadKey) as error:
            found.append(
                Error(f"{name} cannot be used: {error}", id="alipay.E001", obj=name)
            )
    return found
