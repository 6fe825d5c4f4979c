"""Reading a label through the camera: where the browser can, and where it cannot."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.traceability import new_label
from traceability.models import Label

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# What sees a code in the camera's picture; the camera itself is Chromium's own toy.
DETECTOR = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect() { return [{ rawValue: window.shown ?? "https://foreign.example/x" }]; }
};
"""
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def label(farmer_wang: Farmer, assistant_zhao: Any) -> Label:
    return new_label(farmer=farmer_wang, by=assistant_zhao.user)


@pytest.fixture
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                "--no-sandbox",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
            ],
        )
        yield browser
        browser.close()


def opened(browser: Any, live_server: LiveServer, label: Label, user: User) -> Any:
    """The page for spoilt labels, as the village's assistant sees it."""
    client = Client()
    client.force_login(user)
    context = browser.new_context(viewport=PHONE, locale="en-US")
    context.grant_permissions(["camera"], origin=live_server.url)
    context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "url": live_server.url,
            }
        ]
    )
    page = context.new_page()
    page.address = f"{live_server.url}/assistant/lots/{label.lot.number}/void/"
    return page


def test_fills_the_field_from_the_picture(
    chromium: Any, live_server: LiveServer, label: Label
) -> None:
    page = opened(chromium, live_server, label, label.batch.minted_by)
    page.add_init_script(DETECTOR)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text))
    page.goto(page.address)
    page.get_by_role("button", name="Read it with the camera").click()
    page.get_by_text("This is not one of our codes").wait_for()
    assert page.locator("video").is_visible()
    assert page.get_by_label("Code on the label").input_value() == ""
    page.evaluate(f"window.shown = 'HTTPS://X.EXAMPLE/T/{label.code}'")
    page.locator("video").wait_for(state="hidden")
    assert page.get_by_label("Code on the label").input_value() == label.code
    assert wrong == []


def test_says_so_where_the_browser_cannot(
    chromium: Any, live_server: LiveServer, label: Label
) -> None:
    page = opened(chromium, live_server, label, label.batch.minted_by)
    page.add_init_script("delete window.BarcodeDetector")
    page.goto(page.address)
    page.get_by_text("This browser cannot read codes through the camera").wait_for()
    assert not page.get_by_role("button", name="camera").is_visible()


def test_says_so_where_the_camera_is_closed(
    chromium: Any, live_server: LiveServer, label: Label
) -> None:
    page = opened(chromium, live_server, label, label.batch.minted_by)
    page.add_init_script(
        DETECTOR + "navigator.mediaDevices.getUserMedia = () => Promise.reject();"
    )
    page.goto(page.address)
    page.get_by_role("button", name="Read it with the camera").click()
    page.get_by_text("The camera is closed to this page").wait_for()


def test_the_window_s_title_says_what_the_scan_says(
    chromium: Any, live_server: LiveServer, label: Label
) -> None:
    address = f"{live_server.url}/T/{label.code}"
    for verdict, which in (
        ("Genuine", "First check"),
        ("Genuine, seen before", "Check no. 2"),
    ):
        page = chromium.new_context(viewport=PHONE, locale="en-US").new_page()
        page.goto(address)
        page.get_by_text(which).wait_for()
        assert verdict in page.locator("#verdict").inner_text()
        assert page.title() == f"{verdict} · Xiangji"
