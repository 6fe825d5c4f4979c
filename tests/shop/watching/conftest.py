"""Log lines as production writes them, read back."""

import json
import logging
from io import StringIO

import pytest

from shop.watching import request_ids
from shop.watching.logs import JsonLines


class Lines:
    """Everything that was logged while a test ran: as text, and line by line."""

    def __init__(self) -> None:
        self.stream = StringIO()
        self.records: list[logging.LogRecord] = []

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def all(self) -> list[dict]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, event: str) -> list[dict]:
        return [line for line in self.all() if line["event"] == event]


@pytest.fixture
def written():
    """The lines of this test, from DEBUG up, in JSON."""
    lines = Lines()
    handler = logging.StreamHandler(lines.stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(lambda record: lines.records.append(record) or True)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    request_ids.forget()
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)
    request_ids.forget()
