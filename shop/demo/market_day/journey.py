"""What every step shares: people with browsers, papers, and a line for each step."""

import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from django.utils.translation import gettext as _

from shop.demo import history, people
from shop.demo.browser import Browser, Page, Unexpected

ROOT = Path(__file__).resolve().parents[3]
VAR = Path(os.environ.get("XIANGJI_VAR", ROOT / "var"))
PATIENCE_SECONDS = 60
HISTORY_SECONDS = 900
Found = TypeVar("Found")


@dataclass
class Day:
    """The running demo, where papers go, and what later steps need of earlier ones."""

    base_url: str
    carrier_url: str
    papers: Path
    known: dict[str, str] = field(default_factory=dict)
    read: Counter[str] = field(default_factory=Counter)
    # What people hold in their hands: tests give them real ones.
    window: Callable[[str], Browser] = Browser
    step: int = 0

    @cached_property
    def reader(self) -> Browser:
        """Whoever looks at everybody's messages, again and again."""
        return self.browser()

    def browser(self) -> Browser:
        """Somebody's own browser."""
        return self.window(self.base_url)

    def say(self, words: str) -> None:
        """One line for a step that went as it must."""
        self.step += 1
        print(f"  {self.step:>2}. {words}", flush=True)

    def keep(self, name: str, content: bytes) -> Path:
        """Leave a paper under var/market-day/."""
        self.papers.mkdir(parents=True, exist_ok=True)
        path = self.papers / name
        path.write_bytes(content)
        return path

    def logged_in(self, phone: str, first: str) -> tuple[Browser, Page]:
        """Somebody who logged in by password, and the page they came for."""
        browser = self.browser()
        page = browser.open(f"/login/?next={first}")
        page = browser.submit(
            page, page.form_with("phone"), phone=phone, button="password"
        )
        page = browser.submit(page, page.form_with("secret"), secret=people.PASSWORD)
        if first not in page.url:
            raise Unexpected(f"login of a demo person ended at {page.url}")
        return browser, page

    def outbox(self) -> list[str]:
        """All text messages, the newest first, each from its number on."""
        return self.reader.open("/demo/outbox/").text.split("发给 ")[1:]

    def text_to(self, phone: str, *words: str) -> str:
        """The next text message to this number with these words that nobody read."""
        shown = f"{phone[:3]}****{phone[-4:]}"

        def look() -> str | None:
            told = [
                message
                for message in self.outbox()
                if message.startswith(shown) and all(w in message for w in words)
            ]
            # Two that say the same within a minute are two.
            there = Counter(map(mark, told))
            for message in told:
                if there[mark(message)] > self.read[mark(message)]:
                    self.read[mark(message)] += 1
                    return message
            return None

        return self.wait_for(f"a text message to {shown} with {words}", look)

    def wait_for(self, what: str, look: Callable[[], Found | None]) -> Found:
        """What `look` finds, asked again until it is there. Errors: Unexpected."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = look()
            if found is not None:
                return found
            time.sleep(0.5)
        raise Unexpected(f"waited {PATIENCE_SECONDS} s for {what}")


def must(truth: object, sentence: str) -> None:
    """Fail the day with this sentence where something is not true."""
    if not truth:
        raise Unexpected(sentence)


def mark(message: str) -> str:
    """What tells one message from another for good: to whom, when, and its link."""
    found = re.search(r"https?://\S+", message)
    return message.split("【", maxsplit=1)[0] + (found.group() if found else message)


def link_in(message: str, part: str) -> str:
    """The address in a message whose path holds `part`."""
    found = re.search(rf"https?://\S*{part}\S*", message)
    if found is None:
        raise Unexpected(f"no link with {part} in: {message[:200]}")
    return found.group()


def running(*, window: Callable[[str], Browser] = Browser) -> Day:
    """The demo that runs now. Errors: Unexpected where there is none."""
    try:
        told = json.loads((VAR / "demo.json").read_text(encoding="utf-8"))
        day = Day(
            base_url=told["base_url"],
            carrier_url=f"http://127.0.0.1:{told['port'] + 2}",
            papers=VAR / "market-day",
            window=window,
        )
        day.read = Counter(map(mark, day.outbox()))
    except (OSError, ValueError) as error:
        raise Unexpected(
            "The demo is not running. Start it with `make demo` in another terminal."
        ) from error
    return day


def wait_for_history(day: Day) -> None:
    """Let the county's past be filled in first: it pays and approves as well."""
    if history.finished(VAR):
        return
    words = _("Waiting for the county's history (the demo's terminal shows it) …")
    print(f"  {words}")
    deadline = time.monotonic() + HISTORY_SECONDS
    while not history.finished(VAR):
        if time.monotonic() > deadline:
            raise Unexpected("the county's history is still not there")
        time.sleep(1)
    day.read = Counter(map(mark, day.outbox()))
