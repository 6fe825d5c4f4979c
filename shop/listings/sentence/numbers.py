"""Numbers as people type and say them: 600, 1,200, 二十九, 廿五, 两百五, 1.2万, 半."""

import re
from decimal import Decimal

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}

ARABIC = r"\d+(?:,\d{3})*(?:\.\d+)?[百千万]?"
# 廿五 is 二十五, 卅 is 三十.
_TENS = str.maketrans({"廿": "二十", "卅": "三十"})
HAN = r"[零〇一二两三四五六七八九十百千万廿卅]+(?:点[零〇一二三四五六七八九]+)?"
NUMBER = rf"(?:{ARABIC}|{HAN}|半)"
# 五六百, 二十七八, 几百, 十几, 上百: nobody knows how many.
VAGUE = (
    r"(?:[一二三四五六七八九十百千]*几[十百千万]*"
    r"|(?:一两|两三|二三|三四|三五|四五|五六|六七|七八|八九)[十百千万]*"
    r"|[二三四五六七八九]?十(?:一二|二三|三四|四五|五六|六七|七八|八九)"
    r"|上[百千万])"
)


def parse(text: str) -> Decimal | None:
    """The number's value; None where the words do not make a number."""
    if text == "半":
        return Decimal("0.5")
    if re.fullmatch(ARABIC, text):
        scale = _UNITS.get(text[-1], 1)
        return Decimal(text.rstrip("百千万").replace(",", "")) * scale
    if not re.fullmatch(HAN, text):
        return None
    whole, _point, fraction = text.translate(_TENS).partition("点")
    value = _han(whole)
    if value is None:
        return None
    digits = "".join(str(_DIGITS[c]) for c in fraction)
    return Decimal(value) + (Decimal(f"0.{digits}") if digits else 0)


def _han(text: str) -> int | None:
    """一千二百零五 -> 1205; 一百二 -> 120; 二零二六 -> 2026."""
    if all(c in _DIGITS for c in text):
        # Digits in a row are a year; 二两一 and 一二 are no numbers.
        if len(text) not in (1, 4) or (len(text) == 4 and "两" in text):
            return None
        return int("".join(str(_DIGITS[c]) for c in text))
    if "万" in text:
        high, _wan, low = text.partition("万")
        above, below = _below_wan(high, 10_000), _below_wan(low, 10_000)
        if above is None or below is None or not high:
            return None
        # 一万二 is 12,000, not 10,002.
        short = len(low) == 1 and low in _DIGITS
        return above * 10_000 + below * (1000 if short else 1)
    return _below_wan(text, 10_000)


def _below_wan(text: str, ceiling: int) -> int | None:
    total, digit, last_unit, zero = 0, None, ceiling, False
    for char in text:
        if char in _UNITS:
            unit = _UNITS[char]
            if unit >= last_unit or (digit is None and unit != 10):
                return None
            total += (1 if digit is None else digit) * unit
            digit, last_unit, zero = None, unit, False
        elif digit is not None:
            return None
        elif _DIGITS[char] == 0:
            zero = True
        else:
            digit = _DIGITS[char]
    if digit is None:
        return total
    # 一百二 is 120, 一百零二 is 102, 十二 is 12.
    short = last_unit in (100, 1000) and not zero
    return total + digit * (last_unit // 10 if short else 1)
