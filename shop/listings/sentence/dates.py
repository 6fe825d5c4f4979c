"""Dates as people say them, against `today` in Asia/Shanghai."""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from lunar_python import Lunar

from shop.listings.sentence.numbers import parse

_WEEKDAYS = {c: i for i, c in enumerate("一二三四五六")} | {"日": 6, "天": 6}
_WEEKDAYS |= {str(i + 1): i for i in range(7)}
_NEAR = {
    "大前天": -3,
    "前天": -2,
    "昨天": -1,
    "昨日": -1,
    "今天": 0,
    "今日": 0,
    "今早": 0,
    "今晚": 0,
    "今儿": 0,
    "明天": 1,
    "明日": 1,
    "明早": 1,
    "明儿": 1,
    "后天": 2,
    "大后天": 3,
}
_TERMS = [
    "立春",
    "雨水",
    "惊蛰",
    "春分",
    "清明",
    "谷雨",
    "立夏",
    "小满",
    "芒种",
    "夏至",
    "小暑",
    "大暑",
    "立秋",
    "处暑",
    "白露",
    "秋分",
    "寒露",
    "霜降",
    "立冬",
    "小雪",
    "大雪",
    "冬至",
    "小寒",
    "大寒",
]
_FESTIVALS = {"国庆": (10, 1), "元旦": (1, 1), "五一": (5, 1), "劳动节": (5, 1)}
_LUNAR = {
    "中秋": (8, 15),
    "端午": (5, 5),
    "重阳": (9, 9),
    "春节": (1, 1),
    "大年初一": (1, 1),
    "元宵": (1, 15),
}
_N = r"(?:\d{1,2}|[一二两三四五六七八九十]{1,3})"
_DAY = r"(?:日|号)"
_WEEK = r"(?:周|星期|礼拜)"


@dataclass(frozen=True)
class Said:
    """A stretch of the sentence about a day. `day` is None where no one day is meant.

    `past_is_meant`: a day before today is what was said (昨天, 上周三).
    """

    start: int
    end: int
    day: date | None
    past_is_meant: bool = False


Rule = Callable[["re.Match[str]", date], date | None]


def find(text: str, today: date) -> list[Said]:
    """Every day the text speaks of, in order, none overlapping another."""
    found: list[Said] = []
    for pattern, rule, past in _RULES:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < said.end and said.start < end for said in found):
                continue
            found.append(Said(start, end, rule(match, today), past))
    return sorted(found, key=lambda said: said.start)


def _whole(text: str) -> int | None:
    value = parse(text)
    return int(value) if value is not None else None


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _full(match: re.Match[str], today: date) -> date | None:
    year = int(match["year"])
    return _made(year, int(match["month"]), int(match["day"]))


def _month_day(match: re.Match[str], today: date) -> date | None:
    """12月1日: the next one, unless 今年 or 明年 says which."""
    month, day = _whole(match["month"]), _whole(match["day"])
    if not month or not day:
        return None
    if match["year"] == "今年":
        return _made(today.year, month, day)
    if match["year"] == "明年":
        return _made(today.year + 1, month, day)
    this_year = _made(today.year, month, day)
    if this_year is not None and this_year >= today:
        return this_year
    return _made(today.year + 1, month, day)


def _of_month(match: re.Match[str], today: date) -> date | None:
    """3号: this month's where it is still to come, else next month's."""
    day = _whole(match["day"])
    if not day:
        return None
    if match["which"] in ("下个月", "下月"):
        return _made(*_next_month(today), day)
    if match["which"]:
        return _made(today.year, today.month, day)
    if day >= today.day:
        return _made(today.year, today.month, day)
    return _made(*_next_month(today), day)


def _next_month(today: date) -> tuple[int, int]:
    return (today.year + 1, 1) if today.month == 12 else (today.year, today.month + 1)


def _near(match: re.Match[str], today: date) -> date | None:
    return today + timedelta(days=_NEAR[match[0]])


def _weekday(match: re.Match[str], today: date) -> date | None:
    """周三: the next Wednesday, today included; 下周三: the one of next week."""
    monday = today - timedelta(days=today.weekday())
    wanted = monday + timedelta(days=_WEEKDAYS[match["day"]])
    which = match["which"]
    if not which:
        return wanted if wanted >= today else wanted + timedelta(days=7)
    weeks = {"下下": 2, "下": 1, "上": -1}.get(which.removesuffix("个"), 0)
    return wanted + timedelta(days=7 * weeks)


def _weekend(match: re.Match[str], today: date) -> date | None:
    """周末 is Saturday; on a Sunday, today."""
    saturday = today - timedelta(days=today.weekday()) + timedelta(days=5)
    if match["which"] and match["which"].startswith("下"):
        return saturday + timedelta(days=7)
    return max(saturday, today)


def _month_end(match: re.Match[str], today: date) -> date | None:
    following = match["which"] and match["which"].startswith("下")
    year, month = _next_month(today) if following else (today.year, today.month)
    return date(year, month, calendar.monthrange(year, month)[1])


def _month_start(match: re.Match[str], today: date) -> date | None:
    return date(*_next_month(today), 1)


def _in_days(match: re.Match[str], today: date) -> date | None:
    count = _whole(match["count"])
    if count is None:
        return None
    days = 1 if match["unit"] == "天" else 7
    return today + timedelta(days=count * days)


def _by_calendar(match: re.Match[str], today: date) -> date | None:
    """立冬, 中秋前, 国庆后: the coming one, the day before, the day after."""
    name = match["name"]
    for year in (today.year, today.year + 1):
        day = _calendar_day(name, year)
        day += timedelta(days={"后": 1, "前": -1}.get(match["side"] or "", 0))
        if day >= today:
            return day
    return None


@lru_cache(maxsize=256)
def _calendar_day(name: str, year: int) -> date:
    if name in _FESTIVALS:
        return date(year, *_FESTIVALS[name])
    if name in _LUNAR:
        solar = Lunar.fromYmd(year, *_LUNAR[name]).getSolar()
    else:
        # A lunar year's table begins at the winter solstice before it.
        tables = [Lunar.fromYmd(y, 6, 1).getJieQiTable() for y in (year, year + 1)]
        solar = next(t[name] for t in tables if t[name].getYear() == year)
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


def _unclear(match: re.Match[str], today: date) -> date | None:
    return None


# 二十五一箱 holds no festival.
_CALENDAR = "|".join(
    f"{name}(?=节|前|后|假|当天|[摘采收])" if name == "五一" else name
    for name in (*_TERMS, *_FESTIVALS, *_LUNAR)
)
_RULES: tuple[tuple[re.Pattern[str], Rule, bool], ...] = (
    (
        re.compile(
            r"(?P<year>20\d\d)[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})[日号]?"
        ),
        _full,
        True,
    ),
    # A third of a month, or about a day, is no day.
    (re.compile(rf"(?:{_N}月份?|下个?月|本月|这个月)?(?:上|中|下)旬"), _unclear, False),
    (re.compile(rf"{_N}月(?:{_N}{_DAY}?)?(?:左右|前后|头尾)"), _unclear, False),
    (re.compile(rf"{_N}{_DAY}(?:左右|前后)"), _unclear, False),
    (
        re.compile(rf"(?P<year>今年|明年)?(?P<month>{_N})月(?P<day>{_N}){_DAY}?"),
        _month_day,
        False,
    ),
    (re.compile(rf"(?:明年|今年)?{_N}月份?(?:初|中|底)?(?!\d)"), _unclear, False),
    (
        re.compile(rf"(?P<which>下个月|下月|这个月|本月)?(?P<day>{_N}){_DAY}"),
        _of_month,
        False,
    ),
    (
        re.compile(rf"(?P<which>上个?){_WEEK}(?P<day>[一二三四五六日天1-7])"),
        _weekday,
        True,
    ),
    (
        re.compile(
            rf"(?P<which>下下个?|下个?|这个?|本)?{_WEEK}(?P<day>[一二三四五六日天1-7])"
        ),
        _weekday,
        False,
    ),
    (re.compile(r"(?P<which>下个?|这个?|本)?(?:周末|礼拜天)"), _weekend, False),
    (re.compile(r"(?P<which>下个?|这个?|本)?月底"), _month_end, False),
    (re.compile(r"(?:下个月|下月)初"), _month_start, False),
    (
        re.compile(rf"过?(?P<count>{_N})个?(?P<unit>天|星期|礼拜|周)(?:之后|以后|后)"),
        _in_days,
        False,
    ),
    (
        re.compile(r"再?过(?P<count>[一三四五六七八九十\d]{1,2})(?P<unit>天)"),
        _in_days,
        False,
    ),
    (
        re.compile(
            rf"(?P<name>{_CALENDAR})(?:节|那天|当天)?(?:之|以)?(?P<side>前|后)?"
        ),
        _by_calendar,
        False,
    ),
    (re.compile("大前天|前天|昨天|昨日"), _near, True),
    (
        re.compile("大后天|" + "|".join(k for k, v in _NEAR.items() if v >= 0)),
        _near,
        False,
    ),
    (
        re.compile(
            r"过[几两]天|这[几两]天|近期|最近|过段时间|年前|年后|开春|入冬|入秋|秋后"
            r"|(?:下|这个?|本)(?:个?月|周|星期|礼拜)|月中|半个月后|成熟后|熟了"
        ),
        _unclear,
        False,
    ),
)
