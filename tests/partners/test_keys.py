"""Keys in addresses: a number, or nothing."""

import pytest

from partners.keys import key_in


def test_reads_a_key():
    assert key_in("1042") == 1042


@pytest.mark.parametrize(
    "text", [None, "", "x", "-1", "1.5", "²", "٣", "1_0", "9" * 16, "9" * 5_000, "\x00"]
)
def test_everything_else_is_none(text):
    assert key_in(text) is None
