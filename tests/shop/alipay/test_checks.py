"""A wrong key stops the start with a sentence, not the first payment."""

import pytest

from shop.alipay.checks import keys_can_be_used


def test_keys_in_order_say_nothing():
    assert keys_can_be_used(None) == []


@pytest.mark.parametrize(
    "name", ["ALIPAY_APP_PRIVATE_KEY_FILE", "ALIPAY_PUBLIC_KEY_FILE"]
)
def test_a_missing_or_wrong_key_is_named(settings, tmp_path, name):
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no key")
    for path in (wrong, tmp_path / "nowhere.pem", ""):
        setattr(settings, name, str(path))
        (error,) = keys_can_be_used(None)
        assert error.msg.startswith(f"{name} cannot be used")
