"""The door for web servers."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.config.settings.local")
django.setup(set_prefix=False)

from shop.watching.door import Door  # noqa: E402  apps first

application = Door()
