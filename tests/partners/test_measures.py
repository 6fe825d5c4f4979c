"""Weights and sums as people say them."""

import pytest

from partners.measures import fen_from_yuan, jin


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


class TestFenFromYuan:
    @pytest.mark.parametrize(
        ("said", "fen"),
        [
            ("29", 2900),
            ("29.5", 2950),
            ("¥1,029.50", 102_950),
            ("￥1，029.50元", 102_950),
            ("２９．５".replace("．", "."), 2950),
            ("-0.01", -1),
            ("3.", 300),
        ],
    )
    def test_reads_what_people_write(self, said: str, fen: int) -> None:
        assert fen_from_yuan(said) == fen

    @pytest.mark.parametrize(
        "said",
        [
            "",
            "1e2",
            "1E+2",
            "1_000",
            "NaN",
            "Infinity",
            "0.001",
            "--1",
            "1.2.3",
            "9" * 99,
        ],
    )
    def test_refuses_every_other_notation(self, said: str) -> None:
        with pytest.raises(ValueError, match="not "):
            fen_from_yuan(said)
