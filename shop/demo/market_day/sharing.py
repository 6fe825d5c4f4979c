"""Steps 8 and 9: a month's statement, a second person's yes, a household's word."""

import re
import time
from datetime import date
from io import BytesIO

from django.utils.translation import gettext as _
from openpyxl import Workbook

from partners.measures import fen_from_yuan, yuan
from shop.demo import papers, people
from shop.demo.browser import Browser, Page
from shop.demo.market_day.journey import Day, link_in, must
from shop.demo.market_day.selling import a_photo

OPERATOR = people.OPERATOR.phone
SECOND = people.SECOND_OPERATOR.phone
HEADINGS = ["日期", "商品", "数量", "销售额", "成本", "单据号"]


def share(day: Day) -> None:
    """All of it; what others did by hand before is gone on from, and said."""
    store = store_with_room(day)
    if store is not None:
        approve(day, file_statement(day, *store))
    pay_in(day)
    disburse_and_confirm(day)
    look_at_board(day)


def store_with_room(day: Day) -> tuple[Browser, Page] | None:
    """A manager at their page, whose store may give more for this month.

    A store that was filed for by hand may have given all that its agreement asks.
    """
    today = date.today()  # noqa: DTZ011  the store's own calendar
    for shop in people.SUPERMARKETS:
        browser, page = day.logged_in(shop.manager.phone, "/supermarket/")
        if given_so_far(page, today) < shop.cap_fen:
            return browser, page
        day.say(
            _("%(store)s has given its most for %(month)s already: another one files")
            % {"store": shop.name, "month": f"{today:%Y-%m}"}
        )
    day.say(_("No store has anything to give for this month any more: none files"))
    return None


def given_so_far(page: Page, today: date) -> int:
    """Fen that this month's statements promise already, of each source the most."""
    most: dict[str, int] = {}
    line = rf"{today.year}年{today.month}月( · 平台订单)? 利润 \S+帮扶款 ¥([\d,.]+\d)"
    for source, share_text in re.findall(line, page.text):
        share = fen_from_yuan(share_text)
        most[source] = max(most.get(source, 0), share)
    return sum(most.values())


def sheet(rows: list[list[object]]) -> bytes:
    """A spreadsheet as a store's computer saves it."""
    book = Workbook()
    for row in [HEADINGS, *rows]:
        book.active.append(row)
    stored = BytesIO()
    book.save(stored)
    return stored.getvalue()


def file_statement(day: Day, browser: Browser, page: Page) -> str:
    """A wrong sheet gets a finding for each wrong line; the right one is filed."""
    today = date.today()  # noqa: DTZ011  the store's own calendar
    month, stamp = f"{today:%Y-%m}", int(time.time())
    first = f"{month}-01"
    wrong = sheet(
        [
            [first, "大米", 3, "156.00", "129.00", f"W{stamp}1"],
            ["2001-02-03", "菜籽油", 1, "68.00", "56.00", f"W{stamp}2"],
            [first, "食盐", 1, "2.555", "1.00", f"W{stamp}3"],
        ]
    )
    upload = page.link("/upload/")
    right = more_than(profit_so_far(page, today), first=first, stamp=stamp)
    page = browser.open(upload)
    form = page.form_with("file", "month")
    checked = browser.submit(
        page, form, month=month, files={"file": (f"{month}.xlsx", wrong)}
    )
    checked.must_say("第 3 行", "2001-02-03", "第 4 行", "2.555")
    day.keep("findings.html", checked.body)
    day.keep("statement.xlsx", right)
    page = browser.open(upload)
    checked = browser.submit(
        page,
        page.form_with("file", "month"),
        month=month,
        files={"file": (f"{month}.xlsx", right)},
    )
    form = next(f for f in checked.forms if f.action.endswith("/file/"))
    filed = browser.submit(checked, form).must_say("等复核")
    profit = re.search(r"利润 (¥[\d,.]+)", filed.text)
    must(profit, f"no profit on {filed.url}")
    own = browser.open(filed.url)
    must(
        not any(f.action.endswith("/approve/") for f in own.forms),
        "whoever filed a statement is offered to approve it",
    )
    day.say(
        _(
            "The supermarket files %(month)s: each wrong line is told, the right ones"
            " are filed, profit %(profit)s"
        )
        % {"month": month, "profit": profit.group(1)}
    )
    return filed.url.rstrip("/").rsplit("/", 1)[-1]


def profit_so_far(page: Page, today: date) -> int:
    """Yuan of profit that the store has filed for this month already."""
    found = re.findall(rf"{today.year}年{today.month}月 利润 ¥([\d,]+)", page.text)
    return max((int(yuan.replace(",", "")) for yuan in found), default=0)


def more_than(profit_yuan: int, *, first: str, stamp: int) -> bytes:
    """A sheet whose profit is ¥2,400 more: a correction must not fall below."""
    each = profit_yuan // 12 + 201
    return sheet(
        [[first, "大米", 3, 1290 + each, 1290, f"M{stamp}{n}"] for n in range(12)]
    )


def approve(day: Day, statement: str) -> None:
    """A second person approves; the share accrues by weight, to the fen."""
    browser, _page = day.logged_in(SECOND, "/backoffice/statements/")
    page = browser.open(f"/backoffice/statements/{statement}/")
    form = next(f for f in page.forms if f.action.endswith("/approve/"))
    page = browser.submit(page, form).must_say("已通过")
    share_text = re.search(r"给帮扶户 (¥[\d,.]+)", page.text)
    must(share_text, f"no share on {page.url}")
    total_fen = fen_from_yuan(share_text.group(1))
    parts = [
        fen_from_yuan(part) for part in re.findall(r"\d+ 份 (¥[\d,.]+)", page.text)
    ]
    must(
        sum(parts) == total_fen,
        f"the parts sum to {sum(parts)}, not to {total_fen} fen",
    )
    day.say(
        _(
            "A second person approves: %(sum)s for %(count)s households by weight,"
            " to the fen"
        )
        % {"sum": yuan(total_fen), "count": len(parts)}
    )


def pay_in(day: Day) -> None:
    """The supermarket's share arrives."""
    browser, page = day.logged_in(OPERATOR, "/backoffice/shares/")
    if not any("/pay-in/" in href for _words, href in page.links):
        day.say(_("No supermarket owes the fund anything: nothing to pay in"))
        return
    page = browser.open(page.link("/pay-in/"))
    owed = re.search(r"欠缴\s*¥([\d,.]+\d)", page.text)
    must(owed, f"no debt on {page.url}")
    paid = browser.submit(
        page,
        page.form_with("reference", "amount_fen"),
        amount_fen=owed.group(1),
        reference=f"MARKETDAY{int(time.time())}",
    )
    paid.must_say("一分不差")
    day.say(
        _("A supermarket pays in ¥%(sum)s; the ledger and the households' lines agree")
        % {"sum": owed.group(1)}
    )


def disburse_and_confirm(day: Day) -> None:
    """A disbursement with receipt and photo; the householder's contact confirms."""
    browser, page = day.logged_in(OPERATOR, "/backoffice/households/?part=ready")
    ready = [
        href
        for _words, href in page.links
        if re.search(r"/backoffice/households/\w{6,}/$", href)
    ]
    if not ready:
        day.say(_("Every household has been given what is there: nothing to hand out"))
        return
    household = ready[0]
    page = browser.open(browser.open(household).link("disburse"))
    amount = re.search(r"¥([\d,.]+\d)", page.text)
    must(amount, f"nothing to hand out on {page.url}")
    paper = papers.receipt(
        number="market-day", amount_fen=fen_from_yuan(amount.group(1))
    )
    page = browser.submit(
        page,
        page.form_with("receipt", "photos"),
        amount_fen=amount.group(1),
        kind="cash",
        files={
            "receipt": ("receipt.jpg", paper.read()),
            "photos": ("p.jpg", a_photo()),
        },
    )
    page.must_say("登记好了")
    day.known["given"] = amount.group(1)
    phone = contact_of(browser.open(household))
    message = day.text_to(phone, f"¥{amount.group(1)}")
    contact = day.browser()
    asked = contact.open(link_in(message, "/household/"))
    asked.must_say(f"¥{amount.group(1)}")
    form = next(f for f in asked.forms if ("answer", "received") in f.buttons)
    answer = contact.submit(asked, form, button="received")
    day.keep("household.html", answer.body)
    day.say(
        _(
            "¥%(sum)s are handed out with receipt and photo; the household's contact"
            " says they are there"
        )
        % {"sum": amount.group(1)}
    )


def contact_of(page: Page) -> str:
    """The demo phone whose masked form stands on the household's page."""
    masked = re.search(r"(\d{3})\*{4}(\d{4})", page.text)
    must(masked, f"no contact on {page.url}")
    phones = [people.household_phone(n) for n in range(len(people.HOUSEHOLDS))]
    return next(p for p in phones if p.endswith(masked.group(2)))


def look_at_board(day: Day) -> None:
    """The public board shows it, with masked names and a link to each proof."""
    today = date.today()  # noqa: DTZ011
    anyone = day.browser()
    board = anyone.open(f"/board/{today.year}-{today.month}/")
    board.must_say("**", "承诺", "到账", "发放", "确认")
    for _shop, name, _village, _weight in people.HOUSEHOLDS:
        board.must_not_say(name)
    day.keep("board.html", board.body)
    stores = [href for _words, href in board.links if "/supermarkets/" in href]
    shown = [anyone.open(href).must_say("**") for href in dict.fromkeys(stores)]
    if given := day.known.get("given"):
        must(
            any(f"¥{given}" in shop.text for shop in shown),
            f"no supermarket's page of {board.url} shows the ¥{given} handed out",
        )
    anyone.open(shown[0].link("/board/entries/")).must_say("¥")
    day.say(
        _(
            "The public board %(url)s shows this month's money, names masked, each"
            " figure with a link to its proof"
        )
        % {"url": board.url}
    )
