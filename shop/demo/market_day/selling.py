"""Steps 1 to 3: a sentence, the farmer's yes, the lot with its papers and labels."""

import re
from datetime import date, datetime, timedelta
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, ImageDraw

from shop.demo import papers, people
from shop.demo.browser import Browser, Page
from shop.demo.market_day.journey import Day, link_in, must

SENTENCE = "王婶家冰糖橙,5斤装29块,下周三摘,有600斤"
OTHER = "李伯家脐橙,10斤装58块,明天摘,有100斤"
ASSISTANT = people.ASSISTANTS[0][0].phone
FARMER = people.grower_phone(0)
OTHER_FARMER = people.grower_phone(1)
LABELS = 12


def sell(day: Day) -> None:
    """All of it."""
    browser, page = say_sentence(day)
    ask_farmer(day, browser, page)
    deny_other(day, browser)
    make_lot(day, browser)
    print_labels(day, browser)


def say_sentence(day: Day) -> tuple[Browser, Page]:
    """The assistant says one sentence and gets a draft with everything read."""
    browser, page = day.logged_in(ASSISTANT, "/assistant/")
    page = browser.submit(page, page.form_with("said"), said=SENTENCE)
    fields = page.form_with("price", "pack").fields
    today = date.today()  # noqa: DTZ011  the assistant's own calendar
    picked = today + timedelta(days=9 - today.weekday())
    wanted = {
        "pack": "5",
        "pack_unit": "jin",
        "price": "29.00",
        "capacity_packs": "120",
        "harvest_on": picked.isoformat(),
        "title": "冰糖橙",
    }
    for name, value in wanted.items():
        must(
            fields[name] == value,
            f"the draft's {name} is {fields[name]!r}, not {value!r}",
        )
    must(fields["farmer"] and fields["category"], "farmer or category was not read")
    page.must_say("¥5.80")
    day.say(
        _(
            "The assistant says “%(said)s” → a draft: packs of 5 jin, ¥29.00,"
            " ¥5.80 a jin, 120 packs, picked on %(day)s"
        )
        % {"said": SENTENCE, "day": picked.isoformat()}
    )
    return browser, page


def ask_farmer(day: Day, browser: Browser, page: Page) -> None:
    """A photo, the farmer's yes by the link in the message, and it is on sale."""
    form = page.form_with("price", "pack", "photo")
    options = re.findall(
        r'<option value="(\d+)"[^>]*>([^<]*爱心超市[^<]*)', page.body.decode()
    )
    page = browser.submit(
        page,
        form,
        button="send",
        files={"photo": ("cheng.jpg", a_photo())},
        supermarket=options[0][0],
        margin="10",
    )
    day.known["offer"] = page.url
    message = day.text_to(FARMER, "冰糖橙", "¥29.00")
    farmer = day.browser()
    answer = farmer.open(link_in(message, "/confirm/"))
    answer.must_say("冰糖橙", "¥29.00")
    answer = farmer.submit(answer, answer.form_with("answer"), button="yes")
    day.known["product"] = answer.link("/p/")
    shown = (
        day.browser().open(day.known["product"]).must_say("冰糖橙", "¥29.00", "¥5.80")
    )
    day.say(
        _("王婶 gets a text, opens the link, says “mine” → on sale: %(url)s")
        % {"url": shown.url}
    )


def deny_other(day: Day, browser: Browser) -> None:
    """Another offer is denied by its farmer and never appears."""
    page = browser.open("/assistant/")
    page = browser.submit(page, page.form_with("said"), said=OTHER)
    form = page.form_with("price", "pack")
    browser.submit(page, form, button="send", title="说不卖的脐橙")
    message = day.text_to(OTHER_FARMER, "说不卖的脐橙")
    farmer = day.browser()
    answer = farmer.open(link_in(message, "/confirm/"))
    farmer.submit(
        answer, answer.form_with("answer", "reason"), button="no", reason="不卖"
    )
    found = day.browser().open("/search/?q=说不卖的脐橙")
    shown = [href for words, href in found.links if "说不卖的脐橙" in words]
    must(not any("/p/" in href for href in shown), f"a denied offer shows: {shown}")
    day.say(_("李伯 says “not mine” → that offer is nowhere to be seen"))


def a_photo() -> bytes:
    """A picture as the assistant's phone takes it."""
    picture = Image.new("RGB", (1600, 1200), "#f2e3c9")
    draw = ImageDraw.Draw(picture)
    for x in range(200, 1500, 330):
        for y in range(200, 1100, 330):
            draw.ellipse((x - 140, y - 140, x + 140, y + 140), fill="#f08a24")
    stored = BytesIO()
    picture.save(stored, "JPEG", quality=85)
    return stored.getvalue()


def make_lot(day: Day, browser: Browser) -> None:
    """Plot, lot, events, a test report, and the signed certificate."""
    today = date.today().isoformat()  # noqa: DTZ011  the assistant's own calendar
    page = browser.open("/assistant/lots/plots/new/")
    farmer = re.findall(r'<option value="(\d+)"[^>]*>王婶', page.body.decode())
    page = browser.submit(
        page,
        page.form_with("area_mu", "crop"),
        farmer=farmer[0],
        name=f"东坡{datetime.now():%H%M%S}号地",  # noqa: DTZ005  a name, no moment
        crop="冰糖橙",
        area_mu="6",
    )
    page = browser.submit(
        page,
        page.form_with("plot", "weight_g"),
        product_name="冰糖橙",
        harvest_date=today,
        weight_g="600",
    )
    lot = page.url
    day.known["lot"] = lot
    for kind, note in (("fertilise", "有机肥"), ("harvest", "采收600斤")):
        form_page = browser.open(f"{lot}event/")
        browser.submit(
            form_page, form_page.form_with("kind", "note"), kind=kind, note=note
        )
    form_page = browser.open(f"{lot}evidence/")
    browser.submit(
        form_page,
        form_page.form_with("file", "title"),
        files={"file": ("report.pdf", papers.test_report().read())},
        title="农残快速检测报告(示例)",
        result="未检出",
        done_on=today,
    )
    form_page = browser.open(f"{lot}certificate/")
    page = browser.submit(
        form_page, form_page.form_with("quantity_g", "promisor"), basis="self_test"
    )
    number = re.search(r"HS-\d{4}-\d{6}", page.text)
    must(number, f"no certificate number on {page.url}: {page.text[:300]}")
    day.known["certificate"] = number.group()
    shown = day.browser().open(f"/certificates/{number.group()}/")
    shown.must_say("承诺达标合格证", "冰糖橙", "王")
    shown.must_not_say("王秀兰")
    day.keep("certificate.html", shown.body)
    day.say(
        _("Lot %(lot)s is kept with its test report; signed certificate: %(url)s")
        % {"lot": lot.rstrip("/").split("/")[-1], "url": shown.url}
    )


def print_labels(day: Day, browser: Browser) -> None:
    """Labels are minted; a decoder reads every code on the printed sheet."""
    lot, certificate = day.known["lot"], day.known["certificate"]
    page = browser.open(f"{lot}certificates/{certificate}/labels/")
    form = page.form_with("count")
    page = browser.submit(
        page, form, product_name="冰糖橙", pack_g="5", count=str(LABELS)
    )
    page = browser.submit(page, page.form_with("paper"), paper="50x30")
    sheet = browser.open(page.link("/prints/", ending=".pdf"))
    must(sheet.body.startswith(b"%PDF"), f"{sheet.url} is no PDF")
    day.keep("labels.pdf", sheet.body)
    codes = decoded(sheet.body)
    must(
        len(set(codes)) == LABELS,
        f"{len(set(codes))} different codes were read from the sheet, not {LABELS}",
    )
    day.known["codes"] = " ".join(sorted(codes))
    number = lot.rstrip("/").split("/")[-1]
    page = browser.open(day.known["offer"])
    form = page.form_with("lot")
    options = re.findall(
        rf'<option value="(\d+)"[^>]*>[^<]*{number}', page.body.decode()
    )
    must(options, f"{number} cannot be chosen on {page.url}")
    # Said for next Wednesday, picked today: the assistant is asked, and says so.
    asked = browser.submit(page, form, status=422, lot=options[0])
    early = asked.form_with("lot", "early")
    browser.submit(asked, early, lot=options[0], early="on")
    day.say(
        _("%(count)s labels on one PDF; a decoder reads every code") % {"count": LABELS}
    )


def decoded(sheet: bytes) -> list[str]:
    """Every code of a printed sheet, as a phone's camera would read it at 203 dpi."""
    import pypdfium2  # noqa: PLC0415  only where a sheet is checked
    import zxingcpp  # noqa: PLC0415

    found = []
    for page in pypdfium2.PdfDocument(sheet):
        picture = page.render(scale=203 / 72).to_pil()
        found += [
            code.text.rsplit("/", 1)[-1] for code in zxingcpp.read_barcodes(picture)
        ]
    return found
