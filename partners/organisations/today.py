"""What waits for an assistant today, gathered from every package that knows some."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from partners.organisations.models import Assistant
from partners.organisations.signals import today_items


@dataclass(frozen=True)
class TodayItem:
    """One line of the assistant's page: words, how many, and where to go.

    `icon` is a name of the sprite. Lines with a count of zero are not shown.
    """

    label: str
    count: int
    url: str
    icon: str = "clipboard-list"
    note: str = ""


def gather(*, assistant: Assistant, now: datetime) -> list[TodayItem]:
    """Everybody's lines for this assistant, in the order the packages load."""
    answers: Any = today_items.send(Assistant, assistant=assistant, now=now)
    return [item for _receiver, items in answers for item in items if item.count]
