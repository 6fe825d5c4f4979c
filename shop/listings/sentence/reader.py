"""Read one sentence of an assistant: who, what, pack, price, when, how much."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from partners.organisations.models import Assistant, Farmer
from shop.listings import crops
from shop.listings.crops import Crop
from shop.listings.sentence import amounts, dates, names, sounds
from shop.listings.sentence.tokens import tokens

# Full-width signs as Chinese keyboards type them and numerals as cheques have them,
# one for one so that spans hold.
_PLAIN = str.maketrans(
    "，。；：（）！？、￥～—－＊／　【】壹贰叁肆伍陆柒捌玖拾佰仟萬俩",
    ",。;:()!?,¥~--*/ []一二三四五六七八九十百千万两",
) | {0xFF10 + digit: str(digit) for digit in range(10)}
_PICKED = (
    r"(?:就|才|开始|可以|可|能|要|准备|会|再|上午|下午|早上|一早|统一|现)*"
    r"(?:采摘|采收|采|摘|收割|收|割|挖|起|捞|杀|宰|打|开园|上市|成熟|下树|出栏|出塘|出笼)"
)
_PICKED_AFTER = re.compile(_PICKED + r"(?P<done>的|了|完|好)?")
_FREE_FREIGHT = re.compile("包邮|免邮|免运费")
_PICKED_BEFORE = re.compile(r"(?:采摘|采收|摘|收|挖|捞)(?:时间|日期|期)?(?:是|:|在)?$")
_SENT_AFTER = re.compile(r"(?:就|才|开始|可以|能|统一)*(?:发货|发|寄|送|到货|出货)")
_AT_HAND = re.compile(
    "现货|现摘|现采|现挖|现捞|现杀|现宰|当天[摘采挖]|当日[摘采挖]|随时|随[摘采挖]"
    "|已经[摘采收挖]|[摘采收挖]好了|刚[摘采收挖]"
)


@dataclass(frozen=True)
class Question:
    """What must be asked: a field, why (missing, several, vague, …), which words."""

    field: str
    why: str
    words: str = ""


@dataclass
class Reading:
    """What a sentence says; None and empty where it does not say it."""

    said: str
    farmer: Farmer | None = None
    choices: tuple[Farmer, ...] = ()
    crop: Crop | None = None
    title: str = ""
    pack_g: int | None = None
    pieces: int | None = None
    piece_unit: str = ""
    container: str = ""
    price_fen: int | None = None
    harvest_on: date | None = None
    capacity_packs: int | None = None
    spans: list[tuple[str, int, int]] = field(default_factory=list)
    unread: list[Question] = field(default_factory=list)

    @property
    def category(self) -> str:
        """The slug of the crop's category; empty where the crop is not known."""
        return self.crop.category if self.crop else ""

    def words_of(self, name: str) -> list[str]:
        """The words that field `name` was read from."""
        return [self.said[start:end] for key, start, end in self.spans if key == name]


def read(text: str, *, assistant: Assistant, today: date) -> Reading:
    """Read a sentence against the farmers of the assistant's villages.

    `today` is the day in Asia/Shanghai. Money in whole fen, weight in whole grams.
    Never raises: what cannot be read for certain is a question in `unread`.
    """
    farmers = Farmer.objects.filter(
        village__in=assistant.villages.all()
    ).select_related("village")
    return read_among(text, farmers=list(farmers), today=today)


def read_among(text: str, *, farmers: Sequence[Farmer], today: date) -> Reading:
    """`read` with the farmers given."""
    plain = text.translate(_PLAIN)
    reading = Reading(said=text)
    plain, heard = sounds.measures(plain)
    who, plain = _whose(plain, farmers, heard)
    reading.farmer, reading.choices = who.farmer, who.choices
    _note(reading, "farmer", who.spans, ask=who.ask, words=who.words)
    said_days = [day for day in dates.find(plain, today) if not _inside(day, who.spans)]
    taken = [*who.spans, *((day.start, day.end) for day in said_days)]
    what, plain = _what(plain, taken, heard)
    reading.crop, reading.title = what.crop, what.title
    _note(reading, "crop", what.spans, ask=what.ask, words=what.words)
    taken += what.spans
    _read_harvest(reading, plain, said_days, today)
    _read_amounts(reading, plain, taken)
    if free := _FREE_FREIGHT.search(plain):
        reading.unread.append(Question("freight", "free", free[0]))
    for claim in names.claims(plain):
        reading.unread.append(Question("claim", "certificate", claim))
    if heard:
        heard.sort(key=lambda one: one.start)
        words = "、".join(dict.fromkeys(map(str, heard)))
        reading.unread.append(Question("heard", "alike", words))
    reading.unread.sort(key=lambda question: _ORDER.index(question.field))
    reading.spans.sort(key=lambda span: span[1])
    return reading


def _whose(
    plain: str, farmers: Sequence[Farmer], heard: list[sounds.Heard]
) -> tuple[names.Whose, str]:
    """Whose it is, by name or by a name's sound; the sentence with that name."""
    who = names.whose(plain, farmers)
    if who.ask not in ("missing", "unknown"):
        return who, plain
    called = {word: word for one in farmers for word in (one.called, one.name)}
    found = sounds.names_in(plain, called)
    if not found:
        return who, plain
    if several := [one for one in found if len(one.names) > 1]:
        words = "、".join(several[0].names)
        return names.Whose(None, "alike", words), plain
    heard += found
    plain = sounds.put_right(plain, found)
    return names.whose(plain, farmers), plain


def _what(
    plain: str, taken: Sequence[tuple[int, int]], heard: list[sounds.Heard]
) -> tuple[names.What, str]:
    """What grows, by name or by a name's sound; the sentence with that name."""
    what = names.what(plain, taken)
    known = {word: crop.name for word, crop in crops.names().items()}
    found = sounds.names_in(plain, known, taken=taken)
    if what.ask != "missing":
        # 土鸡旦 holds 土鸡 as written, and means its eggs.
        found = [one for one in found if _covers(one, what.spans)]
    if not found:
        return what, plain
    if several := [one for one in found if len(one.names) > 1]:
        words = "、".join(several[0].names)
        return names.What(None, ask="alike", words=words), plain
    heard += found
    plain = sounds.put_right(plain, found)
    return names.what(plain, taken), plain


def _covers(heard: sounds.Heard, spans: Sequence[tuple[int, int]]) -> bool:
    return any(heard.start <= start and end <= heard.end for start, end in spans)


# Further back than 大前天, three days, past must be said: 摘的, 摘了.
_JUST_PAST = 3
_ORDER = (
    "farmer",
    "crop",
    "pack",
    "price",
    "harvest",
    "capacity",
    "freight",
    "claim",
    "heard",
)


def _inside(day: dates.Said, spans: Sequence[tuple[int, int]]) -> bool:
    return any(day.start < end and start < day.end for start, end in spans)


def _note(
    reading: Reading,
    name: str,
    spans: Sequence[tuple[int, int]],
    *,
    ask: str = "",
    words: str = "",
) -> None:
    if ask:
        reading.unread.append(Question(name, ask, words))
    else:
        reading.spans += [(name, start, end) for start, end in spans]


def _read_amounts(reading: Reading, plain: str, taken: list[tuple[int, int]]) -> None:
    unit = reading.crop.unit if reading.crop and reading.crop.counted else ""
    found = amounts.resolve(tokens(plain, taken), piece_unit=unit)
    reading.pack_g, reading.pieces = found.pack_g, found.pieces
    reading.piece_unit, reading.container = found.piece_unit, found.container
    reading.price_fen = found.price_fen
    reading.capacity_packs = found.capacity_packs
    for name in ("pack", "price", "capacity"):
        spans = found.spans.get(name, [])
        words = "、".join(plain[start:end] for start, end in spans)
        _note(reading, name, spans, ask=found.asks.get(name, ""), words=words)


def _read_harvest(
    reading: Reading, plain: str, said_days: list[dates.Said], today: date
) -> None:
    picked = [day for day in said_days if not _is_sending(plain, day)]
    named = [day for day in picked if _is_picking(plain, day)]
    picked = named or picked
    days = {day.day for day in picked}
    if not picked:
        seasonal = reading.crop is not None and len(reading.crop.season) < 12
        fresh = reading.crop is not None and reading.crop.fresh
        if seasonal and fresh and not _AT_HAND.search(plain):
            reading.unread.append(Question("harvest", "missing"))
        return
    words = "、".join(plain[day.start : day.end] for day in picked)
    day = picked[0]
    if None in days:
        reading.unread.append(Question("harvest", "vague", words))
    elif len(days) > 1:
        reading.unread.append(Question("harvest", "several", words))
    elif day.day is not None and not _fits(plain, day, day.day, today):
        reading.unread.append(Question("harvest", "past", words))
    else:
        reading.harvest_on = day.day
        reading.spans += [("harvest", one.start, _end(plain, one)) for one in picked]


def _is_sending(plain: str, day: dates.Said) -> bool:
    return bool(_SENT_AFTER.match(plain, day.end))


def _is_picking(plain: str, day: dates.Said) -> bool:
    return bool(
        _PICKED_AFTER.match(plain, day.end)
        or _PICKED_BEFORE.search(plain, 0, day.start)
    )


def _fits(plain: str, said: dates.Said, day: date, today: date) -> bool:
    """Whether the day and the verb agree: 明天摘 is to come, 昨天摘的 is past."""
    match = _PICKED_AFTER.match(plain, said.end)
    done = match["done"] if match else None
    if day < today:
        # 昨天摘 and 上周三摘的 are past; 上周三摘 may be a slip for the next one.
        return bool(done) or (said.past_is_meant and (today - day).days <= _JUST_PAST)
    return day == today or done in (None, "的")


def _end(plain: str, day: dates.Said) -> int:
    match = _PICKED_AFTER.match(plain, day.end)
    return match.end() if match else day.end
