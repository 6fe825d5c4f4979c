"""The market day's browser with a window: the same steps in a real Chromium."""

import re
import urllib.parse
from itertools import count
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Response
from playwright.sync_api import Page as Tab

from shop.demo.browser import Browser, Form, Page, Unexpected

# Every wait is for something to be seen; this only bounds it on a busy machine.
PATIENCE_MS = 120_000
PAPERS = (".pdf", ".py")


class Chromium(Browser):
    """One person's Chromium: pages are shown, fields filled, buttons pressed.

    Every page that is reached is kept as a picture under `pictures`. None may be
    wider than the window, throw an error or ask for what its policy refuses.
    """

    numbers = count(1)

    def __init__(
        self, base_url: str, *, context: BrowserContext, pictures: Path
    ) -> None:
        self.base_url, self.context, self.pictures = base_url, context, pictures
        context.set_default_timeout(PATIENCE_MS)
        self.tab: Tab = context.new_page()
        self.pictured = b""
        self.wrong: list[str] = []
        self.tab.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.tab.on("console", self._hear)

    def open(self, path: str, *, status: int | None = 200) -> Page:
        url = urllib.parse.urljoin(self.base_url, path)
        if urllib.parse.urlsplit(url).path.endswith(PAPERS):
            return self._fetched(self.context.request.get(url), status)
        # With a fragment, a page that stands there already would not be asked for anew.
        response = self.tab.goto(urllib.parse.urldefrag(url).url)
        assert response is not None
        return self._shown(response, status)

    def submit(
        self,
        page: Page,
        form: Form,
        *,
        status: int | None = 200,
        button: str = "",
        files: dict[str, tuple[str, bytes]] | None = None,
        **values: str,
    ) -> Page:
        if self.tab.url != page.url:
            self.tab.goto(page.url)
        if form.action.endswith("/seen/"):
            return self._counted()
        shown = self.tab.locator("form").nth(page.forms.index(form))
        for name, value in values.items():
            self._unfold(self._control(shown, name).first)
            self._fill(self._control(shown, name), value)
        for name, (filename, content) in (files or {}).items():
            kind = "application/octet-stream"
            self._control(shown, name).set_input_files(
                [{"name": filename, "mimeType": kind, "buffer": content}]
            )
        with self.tab.expect_navigation(wait_until="load") as waiting:
            self._button(shown, button).click()
        response = waiting.value
        assert response is not None
        return self._shown(response, status)

    def _hear(self, line: ConsoleMessage) -> None:
        if "Content Security Policy" in line.text:
            self.wrong.append(line.text)

    def post(self, path: str, *, status: int | None = 200, **values: str) -> Page:
        url = urllib.parse.urljoin(self.base_url, path)
        return self._fetched(self.context.request.post(url, form=values), status)

    def _control(self, shown: Locator, name: str) -> Locator:
        inside = shown.locator(f'[name="{name}"]')
        if inside.count():
            return inside
        return self.tab.locator(f'[form="{shown.get_attribute("id")}"][name="{name}"]')

    def _button(self, shown: Locator, wanted: str) -> Locator:
        own = shown.locator("button:not([type=button]), input[type=submit]")
        linked = self.tab.locator(f'button[form="{shown.get_attribute("id") or "-"}"]')
        for buttons in (own, linked):
            for index in range(buttons.count()):
                one = buttons.nth(index)
                names = (one.get_attribute("name"), one.get_attribute("value"))
                if not wanted or wanted in names:
                    self._unfold(one)
                    if one.is_visible():
                        return one
        raise Unexpected(f"{self.tab.url} shows no button «{wanted}» to press")

    @staticmethod
    def _unfold(control: Locator) -> None:
        """Open what the control is folded away in, as a finger would."""
        for fold in control.locator("xpath=ancestor::details[not(@open)]").all():
            fold.locator("summary").first.click()

    @staticmethod
    def _fill(control: Locator, value: str) -> None:
        kind = control.first.evaluate("e => e.tagName + ':' + (e.type || '')")
        if kind.startswith("SELECT"):
            control.first.select_option(value)
        elif kind.endswith((":checkbox", ":radio")):
            one = (
                control
                if control.count() == 1
                else control.and_(control.page.locator(f'[value="{value}"]'))
            )
            one.check()
        elif not control.first.is_visible():
            control.first.evaluate("(e, v) => { e.value = v; }", value)
        else:
            control.first.fill(value)

    def _counted(self) -> Page:
        """The scan page once its own script has counted the look at it."""
        self.tab.locator("#verdict:not([aria-busy])").wait_for()
        return self._looked_at(status=200, headers={})

    def _shown(self, response: Response, status: int | None) -> Page:
        self.tab.wait_for_load_state("load")
        return self._checked(
            self._looked_at(status=response.status, headers=response.all_headers()),
            status,
        )

    def _looked_at(self, *, status: int, headers: dict[str, str]) -> Page:
        """What stands in the window, with a picture of it where it is new."""
        body = self.tab.content().encode()
        if body != self.pictured:
            self.pictured = body
            self._picture()
        wide = self.tab.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0 or self.wrong:
            raise Unexpected(f"{self.tab.url} is {wide} px too wide; {self.wrong}")
        # A page from the browser's own cache comes without its type.
        headers = {"content-type": "text/html"} | headers
        return Page(url=self.tab.url, status=status, headers=headers, body=body)

    def _picture(self) -> None:
        """The whole page in a window as tall as it, so that bars stand at its foot."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        window = self.tab.viewport_size
        assert window is not None
        tall = self.tab.evaluate("document.documentElement.scrollHeight")
        self.tab.set_viewport_size(window | {"height": max(tall, window["height"])})
        self.tab.screenshot(
            path=self.pictures / f"{next(self.numbers):03}-{self._name()}.png"
        )
        self.tab.set_viewport_size(window)

    def _name(self) -> str:
        """The page's name: the words of its address, never a token in it."""
        parts = urllib.parse.urlsplit(self.tab.url).path.split("/")
        words = [part for part in parts if re.fullmatch(r"[a-zT-][a-z-]{,15}", part)]
        return "-".join(words) or "home"

    def _fetched(self, answer: object, status: int | None) -> Page:
        return self._checked(
            Page(
                url=answer.url,
                status=answer.status,
                headers={k.lower(): v for k, v in answer.headers.items()},
                body=answer.body(),
            ),
            status,
        )

    @staticmethod
    def _checked(page: Page, status: int | None) -> Page:
        if status is not None and page.status != status:
            raise Unexpected(f"{page.url} answered {page.status}: {page.text[:300]}")
        return page
