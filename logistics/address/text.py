"""Clean up a pasted text: labels, phone numbers, separators."""

import re
import unicodedata
from dataclasses import dataclass

from django.conf import settings

LIMIT = 500  # characters; nobody's address is longer

# Marks in the text, from Unicode's private use area, where no keyboard reaches.
PHONE = "\ue000"
NAME_LABEL = "\ue001"
ADDRESS_LABEL = "\ue002"
HARD = "\n"
MARKS = PHONE + NAME_LABEL + ADDRESS_LABEL
SEPARATORS = f" {HARD}{MARKS}"

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ue000-\uf8ff]")
_PICTURES = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]")
_HARD = re.compile(r"[,;|_。、\r\n]+")
_SOFT = re.compile(r"[\s\u3000【】「」『』《》<>\"“”]+")

_NAME = "收货人姓名|收件人姓名|收货联系人|收货人|收件人|联系人|姓名|名字"
_PHONE = "联系电话|联系手机|联系方式|手机号码|手机号|电话号码|手机|电话|Tel|tel|TEL"
_PLACE = (
    "收货人地址|收件人地址|收货地址|收件地址|详细地址|具体地址|邮寄地址|家庭地址|街道地址|所在地区|所在区域"
    "|所在省市|省市区|地址"
)
# These are parts of addresses themselves unless a colon follows.
_PLACE_WITH_COLON = "地区|区域|街道|省份|城市|区县|小区|门牌号|门牌"
_CODE = "邮政编码|邮编"

_LABEL = re.compile(
    rf"(?:(?<=[\s{MARKS}])|^)"
    rf"(?:(?P<place>{_PLACE})|(?P<name>{_NAME})|(?P<phone>{_PHONE})|(?P<code>{_CODE}))"
    rf"(?:\s*[:：]\s*|\s+|(?=[{PHONE}\d\u4e00-\u9fff]))"
)
_LABEL_COLON = re.compile(
    rf"(?:(?P<place>{_PLACE}|{_PLACE_WITH_COLON})|(?P<name>{_NAME})"
    rf"|(?P<phone>{_PHONE})|(?P<code>{_CODE}))\s*[:：]\s*"
)
_POSTCODE = re.compile(rf"(?:(?<={HARD})|(?<={HARD} )|\()(\d{{6}})\)?\s*(?=$|{HARD})")
_LABELLED_POSTCODE = re.compile(rf"\(?(?:{_CODE})\s*:?\s*\d{{6}}\)?")
_MASKED = re.compile(r"(?<!\d)1\d{2}\*{3,6}\d{2,4}(?!\d)")
_EXTENSION = re.compile(rf"{PHONE}\s*(?:-|转接?|分机)\s*(\d{{3,4}})(?!\d)")
_VERBS = re.compile(
    rf"(?:(?<=[\s{MARKS}])|^)(?:(?:麻烦|请|帮我|帮忙|都|就)*(?:寄|发|送|邮)(?:到|去|往|给)?|中国)"
    rf"\s*:?\s*(?=[\u4e00-\u9fff])(?!员|件)"
)


# Who sends is not who receives: that part of a copied waybill is left out.
_SENDER = re.compile(r"(?:寄件|发件|寄货|发货)人.*?(?=收[件货]人|$)", re.DOTALL)
# 李明/13800138000/湖南省/…: between words these are separators, within 1/2栋 not.
_LISTED = re.compile(rf"(?<=[\d\u4e00-\u9fff{PHONE}])[/-]+(?=[\u4e00-\u9fff{PHONE}])")
_ENOUGH_LISTED = 3
_LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}(?:-\d{1,5})?")
_BOUND = r"(?=$|[\s,;、/])"
_LABELLED_DIGITS = re.compile(rf"(?:{_PHONE})\s*:?\s*(\+?\d[\d-]{{2,16}}){_BOUND}")
_DIGITS = re.compile(
    rf"(?:^|(?<=[\s,;:、/]))(\d{{5}}|\d{{7,15}}|\d{{2,4}}(?:-\d{{3,5}}){{2,3}}){_BOUND}"
)
_MOBILE = re.compile(r"[/_-]*(?<!\d)(1[3-9]\d{9})(?!\d)")


@dataclass(frozen=True)
class Draft:
    """The text with its marks, and the phone numbers taken out of it."""

    text: str
    phone: str
    extension: str
    unread_phone: str = ""
    other_phones: tuple[str, ...] = ()


def draft(pasted: str) -> Draft:
    """Normalise what was pasted: one width, one kind of separator, labels marked."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", pasted[:LIMIT]))
    text = _PICTURES.sub(" ", text)
    text = _LABELLED_POSTCODE.sub(HARD, text)
    if re.search("收[件货]人", text):
        text = _SENDER.sub(HARD, text)
    phone, text = _take_phone(text)
    unread, text = ("", text) if phone else _take_unread(text)
    others = tuple(_MOBILE.findall(text))
    text = _MOBILE.sub(HARD, text)
    extension = _EXTENSION.search(text)
    if extension:
        text = text.replace(extension[0], PHONE, 1)
    text = _MASKED.sub(HARD, text)
    if len(_LISTED.findall(text)) >= _ENOUGH_LISTED:
        text = _LISTED.sub(HARD, text)
    text = _HARD.sub(HARD, text)
    text = "".join(_soft(line) for line in text.splitlines(keepends=True))
    text = _mark_labels(text)
    text = _POSTCODE.sub(HARD, text)
    text = _VERBS.sub("", text)
    return Draft(
        text=text.strip(" \n"),
        phone=phone,
        extension=extension[1] if extension else "",
        unread_phone=unread,
        other_phones=others,
    )


def _soft(line: str) -> str:
    ends = HARD if line.endswith(HARD) else ""
    return _SOFT.sub(" ", line.removesuffix(HARD)) + ends


def _take_phone(text: str) -> tuple[str, str]:
    """The first mobile number, and the text with PHONE in its place."""
    head = r"1[3-9]\d"
    if settings.DEMO_PHONE_PREFIX:
        head = rf"(?:{head}|{re.escape(settings.DEMO_PHONE_PREFIX)})"
    country = r"(?<![\d*])\(?(?:\+?\s?(?:00)?86\)?[-\s]*)?"
    shapes = (
        rf"{head}\d{{8}}",
        rf"{head}[-\s]\d{{4}}[-\s]\d{{4}}",
        rf"{head}[-\s]?\d{{3}}[-\s]?\d{{5}}",
        rf"{head}\d[-\s]\d{{4}}[-\s]\d{{3}}",
        rf"{head}(?:[-\s]?\d){{8}}",
    )
    for shape in shapes:
        found = re.search(rf"{country}({shape})(?!\d)\)?", text)
        if found:
            phone = re.sub(r"\D", "", found[1])
            return phone, text[: found.start()] + PHONE + text[found.end() :]
    return "", text


def _take_unread(text: str) -> tuple[str, str]:
    """What stands alone and was meant as a number (12345, 138-0013-800), and the rest.

    Not a landline's number, which the carrier may ring, and not six digits, which are
    a postcode, unless a label says that they are a phone's.
    """
    for shape in (_LABELLED_DIGITS, _DIGITS):
        for found in shape.finditer(text):
            if not _LANDLINE.fullmatch(found[1]):
                return found[1], text[: found.start(1)] + PHONE + text[found.end(1) :]
    return "", text


def _mark_labels(text: str) -> str:
    def mark(found: re.Match[str]) -> str:
        if found["name"]:
            return HARD + NAME_LABEL
        return HARD + ADDRESS_LABEL if found["place"] else HARD

    return _LABEL.sub(mark, _LABEL_COLON.sub(mark, text))
