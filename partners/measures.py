"""Money in whole fen and weight in whole grams, as people read and write them."""

import re
from decimal import Decimal

GRAMS_PER_JIN = 500
GRAMS_PER_KILOGRAM = 1000


def yuan(amount_fen: int) -> str:
    """¥29.00; a minus sign stands before the currency sign."""
    sign = "-" if amount_fen < 0 else ""
    whole, cents = divmod(abs(amount_fen), 100)
    return f"{sign}¥{whole:,}.{cents:02d}"


def fen_from_yuan(text: str | Decimal) -> int:
    """Whole fen of a sum in yuan, "29", "29.5", "¥1,029.50".

    Errors: ValueError where it is no sum or holds a fraction of a fen.
    """
    cleaned = re.sub(r"[\u00a5\uffe5,\uff0c\s元]", "", str(text))
    # Digits of a Chinese keyboard count; an exponent is no way to write a price.
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d*)?", cleaned):
        raise ValueError(f"not a sum of money: {text!r}")
    fen = Decimal(cleaned) * 100
    if fen != fen.to_integral_value():
        raise ValueError(f"not whole fen: {text!r}")
    return int(fen)


def decimal_yuan(amount_fen: int) -> Decimal:
    """The Decimal in yuan, two places, that Oscar's and Alipay's edges want."""
    return Decimal(amount_fen).scaleb(-2).quantize(Decimal("0.01"))


def jin(weight_g: int) -> str:
    """Whole grams as 斤 without needless zeros: 2500 -> "5", 310000 -> "620"."""
    text = f"{Decimal(weight_g) / GRAMS_PER_JIN:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def kilograms(weight_g: int) -> str:
    """Whole grams as kilograms without needless zeros: 2500 -> "2.5"."""
    text = f"{Decimal(weight_g) / GRAMS_PER_KILOGRAM:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def fen_per_jin(amount_fen: int, weight_g: int) -> int:
    """Price of one 斤, rounded half up to the fen. weight_g must be positive."""
    return (amount_fen * GRAMS_PER_JIN * 2 + weight_g) // (weight_g * 2)


def apportion(total: int, weights: list[int]) -> list[int]:
    """Split a whole number by weights so that the parts sum to it exactly.

    Largest remainder (Hamilton): each part is within one of its exact share; equal
    remainders go to the earlier part. A negative total mirrors the positive one.

    Errors: ValueError where a weight is negative or all of them are zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative, and not all zero")
    if total < 0:
        return [-part for part in apportion(-total, weights)]
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i)
    )
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts
