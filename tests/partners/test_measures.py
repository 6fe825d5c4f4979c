"""Weights as people say them."""

import pytest

from partners.measures import jin


class TestJin:
    @pytest.mark.parametrize(
        ("weight_g", "said"),
        [
            (0, "0"),
            (500, "1"),
            (750, "1.5"),
            (2_500, "5"),
            (5_000, "10"),
            (50_000, "100"),
            (310_000, "620"),
            (1, "0.002"),
        ],
    )
    def test_drops_needless_zeros_and_no_others(self, weight_g: int, said: str) -> None:
        assert jin(weight_g) == said
