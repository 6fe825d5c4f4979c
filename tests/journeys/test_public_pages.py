"""The public pages in a real browser: for every eye, size, language, with no script."""

import os
from collections.abc import Iterator

import pytest
from pytest_django.live_server_helper import LiveServer

from shop.listings.models import Listing
from tests.factories.places import load_places
from tests.shop.storefront.conftest import (  # noqa: F401
    card_of,
    oranges,
    pomelos,
    to_hunan,
)

playwright = pytest.importorskip("playwright.sync_api")
axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Playwright keeps a loop running, which Django takes for an async view.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PHONE = {"width": 390, "height": 844}
TABLET = {"width": 768, "height": 1024}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def chromium() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield browser
        browser.close()


def addresses(listing: Listing) -> list[str]:
    card = card_of(listing)
    return [
        "/",
        "/c/shui-guo/?place=430722101000",
        card.get_absolute_url(),
        "/villages/",
        f"/v/{card.village_id}/",
        f"/farmers/{card.farmer_id}/",
        "/calendar/",
        "/nowhere/",
    ]


# As tall as the page: what the sticky bar covers for the moment is no small target.
TALL_PHONE = {"width": 390, "height": 4000}


@pytest.mark.parametrize("size", [TALL_PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(
    chromium: playwright.Browser,
    live_server: LiveServer,
    oranges: Listing,  # noqa: F811
    pomelos: Listing,  # noqa: F811
    size: dict[str, int],
) -> None:
    context = chromium.new_context(viewport=size, locale="zh-CN", bypass_csp=True)
    page = context.new_page()
    for where in addresses(oranges):
        page.goto(live_server.url + where)
        found = axe_playwright.Axe().run(
            page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
        )
        assert found.response["violations"] == [], where
    context.close()


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
@pytest.mark.parametrize(
    "size", [PHONE, TABLET, DESKTOP], ids=["phone", "tablet", "desktop"]
)
@pytest.mark.parametrize("letters", ["", "large"])
def test_nothing_is_wider_than_the_screen(
    chromium: playwright.Browser,
    live_server: LiveServer,
    oranges: Listing,  # noqa: F811
    pomelos: Listing,  # noqa: F811
    size: dict[str, int],
    locale: str,
    letters: str,
) -> None:
    context = chromium.new_context(viewport=size, locale=locale)
    context.add_cookies([{"name": "type", "value": letters, "url": live_server.url}])
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    for where in addresses(oranges)[:-1]:
        page.goto(live_server.url + where)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], where
    # The policy tells the console of every inline piece and foreign host.
    assert said == []
    context.close()


def test_putting_into_the_basket_without_leaving_the_page(
    chromium: playwright.Browser,
    live_server: LiveServer,
    oranges: Listing,  # noqa: F811
) -> None:
    context = chromium.new_context(viewport=PHONE, locale="zh-CN")
    page = context.new_page()
    page.goto(live_server.url + card_of(oranges).get_absolute_url())
    assert context.cookies() == []
    page.get_by_role("button", name="放进菜篮").click()
    page.get_by_role("status").get_by_text("菜篮").first.wait_for()
    assert page.locator(".basket-corner [data-basket-count]").inner_text() == "1"
    page.goto(live_server.url + "/")
    page.locator(".tabs [data-basket-count]", has_text="1").wait_for()
    context.close()


def test_putting_into_the_basket_without_script(
    chromium: playwright.Browser,
    live_server: LiveServer,
    oranges: Listing,  # noqa: F811
) -> None:
    context = chromium.new_context(
        viewport=PHONE, locale="zh-CN", java_script_enabled=False
    )
    page = context.new_page()
    page.goto(live_server.url + card_of(oranges).get_absolute_url())
    page.get_by_role("button", name="放进菜篮").click()
    assert f"/basket/add/{oranges.product_id}/" in page.url
    page.locator("main form button").first.click()
    assert page.url.startswith(live_server.url + "/basket/")
    assert "冰糖橙" in page.locator("main").inner_text()
    context.close()


def test_a_form_that_comes_back_begins_where_it_is_wrong(
    chromium: playwright.Browser,
    live_server: LiveServer,
    oranges: Listing,  # noqa: F811
) -> None:
    load_places("430104")
    context = chromium.new_context(viewport=PHONE, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{live_server.url}/basket/add/{oranges.product_id}/")
    page.locator("main form button").first.click()
    page.goto(live_server.url + "/checkout/")
    page.locator("[name=pasted]").fill("李示例 10012345678 长沙市岳麓区示例路1号")
    page.get_by_role("button", name="识别地址").click()
    page.get_by_role("button", name="支付宝付款").click()
    wrong = page.locator("[name=fresh_confirmed][aria-invalid=true]")
    playwright.expect(wrong).to_be_focused()
    playwright.expect(wrong).to_be_in_viewport()
    context.close()
