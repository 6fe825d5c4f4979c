"""The cast that other tests share is as valid as what users make."""

import pytest

pytestmark = pytest.mark.django_db


class TestCast:
    def test_assistants_serve_their_own_village_only(
        self, assistant_zhao, assistant_qian, village_yonggu, village_luxi
    ):
        assert assistant_zhao.user.has_perm(
            "organisations.serve_village", village_yonggu
        )
        assert not assistant_qian.user.has_perm(
            "organisations.serve_village", village_yonggu
        )
        assert assistant_zhao.user.has_role("assistant")

    def test_farmers_live_in_real_villages(self, farmer_wang, farmer_li):
        assert str(farmer_wang) == "王婶 · 永固村"
        assert farmer_li.public_name == "李**"
