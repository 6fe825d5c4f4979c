"""Print every wording that a carrier has to approve, in each of our languages."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import override

from shop.notices.texts import TEXTS, approved_as


class Command(BaseCommand):
    """python manage.py text_wordings"""

    help = "What to submit to the carrier: a name for the settings, then its wording."

    def handle(self, *args: Any, **options: Any) -> None:
        for language, _name in settings.LANGUAGES:
            for name, text in TEXTS.items():
                # Alibaba Cloud writes a variable as ${code}; the signature is its own.
                blanks = {blank: f"${{{blank}}}" for blank in text.blanks}
                if "link" in blanks:
                    # Our address is part of what is approved; see providers/aliyun.py.
                    blanks["link"] = f"{settings.BASE_URL}/{blanks['link']}"
                with override(language):
                    wording = str(text.wording) % blanks
                self.stdout.write(f"{approved_as(name, language)}\t{wording}")
