"""Steps 4 to 7: search, order, pay, pack, send, scan, complete, share out."""

import re
import urllib.parse

from django.utils.translation import gettext as _

from partners.measures import yuan
from shop.demo import people
from shop.demo.browser import Browser, Page, Unexpected
from shop.demo.market_day.journey import Day, link_in, must
from shop.demo.market_day.selling import ASSISTANT, FARMER, decoded

PASTED = "李示例 10012345678 湖南省长沙市岳麓区示例路1号2栋301"
BUYER = "10012345678"
PACKS = 2


def buy(day: Day) -> None:
    """All of it."""
    browser, page = find_and_order(day)
    pay(day, browser, page)
    pack_and_send(day)
    deliver(day)
    scan(day)
    complete(day, browser)


def find_and_order(day: Day) -> tuple[Browser, Page]:
    """A buyer without an account finds, fills a basket and checks out."""
    browser = day.browser()
    for words in ("黄桃", "huangtao"):
        found = browser.open(f"/search/?q={words}")
        found.must_say("黄桃")
        must(found.headers.get("set-cookie") is None, "searching set a cookie")
    township = found.link("township=")
    browser.open(township).must_say("黄桃")
    other = harvested(browser, found)
    day.known["other"] = other
    for product, packs in ((day.known["product"], PACKS), (other, 1)):
        page = browser.open(product).must_say("运费", "¥")
        number = product.rstrip("/").rsplit("-", 1)[-1]
        page = browser.open(f"/basket/add/{number}/")
        page = browser.submit(page, page.form_with("quantity"), quantity=str(packs))
    page = browser.open("/checkout/")
    page = browser.submit(page, page.form_with("pasted"), pasted=PASTED)
    form = page.form_with("detail", "seen_total_fen")
    must(
        (form.fields["name"], form.fields["phone"]) == ("李示例", BUYER),
        f"the pasted line was read as {form.fields}",
    )
    refused = browser.submit(page, form)
    refused.must_say("七日无理由退货")
    form = refused.form_with("detail", "seen_total_fen")
    total_fen = int(form.fields["seen_total_fen"])
    day.known["total_fen"] = str(total_fen)
    page = browser.submit(refused, form, fresh_confirmed="on")
    day.say(
        _(
            "A buyer without a login: searches 黄桃 / huangtao, takes two things of two"
            " growers, pastes an address, agrees to no seven-day return, owes %(sum)s"
        )
        % {"sum": yuan(total_fen)}
    )
    return browser, page


def harvested(browser: Browser, found: Page) -> str:
    """The first product found that has a lot, and so can be packed today."""
    for _words, href in found.links:
        if href.startswith("/p/") and re.search(
            r"L\d{4}-\d{6}", browser.open(href).text
        ):
            return urllib.parse.urljoin(found.url, href)
    raise Unexpected(f"nothing on {found.url} has been harvested")


def pay(day: Day, browser: Browser, page: Page) -> None:
    """The sandbox's cashier; the signed message arrives; paid once however often."""
    page.must_say("模拟")
    form = next(form for form in page.forms if form.action.endswith("/pay"))
    page = browser.submit(page, form)
    order = day.wait_for(
        "the order's page", lambda: _order_page(browser, page.url, page)
    )
    day.known["order"] = order
    day.wait_for(
        "the order to be paid", lambda: _says(browser, order, "已付款") or None
    )
    day.say(
        _("Paid at the sandbox's cashier, the signed notice is here: %(url)s")
        % {"url": order}
    )


def _order_page(browser: Browser, url: str, page: Page) -> str | None:
    if "/orders/" in url:
        return url
    page = browser.open(url)
    for _words, href in page.links:
        if "/orders/" in href:
            return urllib.parse.urljoin(page.url, href)
    return None


def _says(browser: Browser, url: str, *words: str) -> bool:
    text = browser.open(url).text
    return all(word in text for word in words)


def pack_and_send(day: Day) -> None:
    """Both stations scan labels into their boxes and hand them to the carrier."""
    number = re.search(r"/orders/(\d+)/", day.known["order"])
    must(number, f"no order number in {day.known['order']}")
    day.known["number"] = number.group(1)
    codes = day.known["codes"].split()
    first = pack_box(day, assistant=ASSISTANT, codes=codes[:PACKS], forged=codes[0])
    day.known["packed"] = codes[0]
    village, lot = village_and_lot(day.browser().open(day.known["other"]))
    assistant = assistant_of(village)
    second = pack_box(day, assistant=assistant, codes=mint(day, assistant, lot, 1))
    day.known["waybills"] = f"{first} {second}"
    day.say(
        _(
            "The stations of 永固村 and %(village)s scan, pack and hand over to the"
            " carrier, waybills %(first)s %(second)s"
        )
        % {"village": village, "first": first, "second": second}
    )


def pack_box(day: Day, *, assistant: str, codes: list[str], forged: str = "") -> str:
    """One station's box of the order: scan its packages, hand it over."""
    browser, page = day.logged_in(assistant, "/assistant/packing/")
    box = page.link(f"{day.known['number']}-")
    if forged:
        page = browser.open(box)
        wrong = forged[:-1] + ("0" if forged[-1] != "0" else "1")
        refused = browser.submit(page, page.form_with("code"), code=wrong)
        must("waybill" not in refused.text, "a forged code was packed")
    for code in codes:
        page = browser.open(box)
        page = browser.submit(page, page.form_with("code"), code=code)
    page = browser.submit(page, page.form_with("carrier"))
    waybill = re.search(r"运单号\s+(\S+)", page.text)
    must(waybill, f"no waybill on {page.url}: {page.text[:300]}")
    return waybill.group(1)


def village_and_lot(page: Page) -> tuple[str, str]:
    """Where a product comes from and its lot's number, as its page says."""
    village = next((name for name in people.VILLAGES if name in page.text), "")
    lot = re.search(r"L\d{4}-\d{6}", page.text)
    must(village and lot, f"no village or lot on {page.url}")
    return village, lot.group()


def assistant_of(village: str) -> str:
    """The demo phone of the assistant who serves a village."""
    return next(who.phone for who, names in people.ASSISTANTS if village in names)


def mint(day: Day, assistant: str, lot: str, count: int) -> list[str]:
    """New labels for a lot, read from their printed sheet."""
    browser, page = day.logged_in(assistant, f"/assistant/lots/{lot}/")
    page = browser.open(page.link("/labels/", ending="/labels/"))
    page = browser.submit(page, page.form_with("count"), pack_g="1", count=str(count))
    page = browser.submit(page, page.form_with("paper"), paper="50x30")
    return decoded(browser.open(page.link("/prints/", ending=".pdf")).body)


def deliver(day: Day) -> None:
    """Tracking events come in from the carrier until both boxes are delivered."""
    browser = day.browser()
    for waybill in day.known["waybills"].split():
        browser.post(f"{day.carrier_url}/standin/advance", waybill=waybill, steps="5")
    page = day.wait_for(
        "both boxes to be delivered",
        lambda: _when(browser, day.known["order"], "都送到了"),
    )
    day.keep("order.html", page.body)
    day.say(
        _("The carrier pushes: collected, on the way, out; both boxes are delivered")
    )


def _when(browser: Browser, url: str, *words: str) -> Page | None:
    page = browser.open(url)
    return page if all(word in page.text for word in words) else None


def scan(day: Day) -> None:
    """Genuine and first; second with the first's date; one character off: forged."""
    code = day.known["packed"]
    for expected in (("正品", "第一次"), ("正品", "第2次", "今天")):
        phone = day.browser()
        page = phone.open(f"/T/{code}")
        must(page.headers.get("set-cookie") is None, "opening a code set a cookie")
        page = phone.submit(page, next(f for f in page.forms if "/seen/" in f.action))
        page.must_say(*expected, "永固村", "未检出", day.known["certificate"])
        day.keep(f"scan-{expected[1]}.html", page.body)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    forged = day.browser().open(f"/T/{wrong}", status=404)
    forged.must_say("不是我们的码").must_not_say("正品")
    day.say(
        _(
            "A code: genuine, first scan on one phone; second scan on another; with one"
            " character changed, not ours"
        )
    )


def complete(day: Day, browser: Browser) -> None:
    """The buyer has it; the ledger shares the money out; the farmer sees why."""
    page = browser.open(day.known["order"])
    page = browser.submit(page, page.form_with("action"), button="received")
    page.must_say("已完成")
    message = day.text_to(FARMER, "¥51.04")
    owed = day.browser().open(link_in(message, "/farmer/"))
    owed.must_say("冰糖橙", "¥58.00", "¥5.80", "¥1.16", "¥51.04")
    day.keep("owed.html", owed.body)
    day.say(
        _(
            "The buyer has it; the ledger shares 冰糖橙's ¥58.00 = grower ¥51.04"
            " + supermarket ¥5.80 + platform ¥1.16, and 王婶 sees it: %(url)s"
        )
        % {"url": owed.url}
    )
