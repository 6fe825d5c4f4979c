"""A browser without a window: pages, cookies, links and forms, as a person has them.

Only for the market-day run: it fills in the forms that the pages show and sends them
where the pages say, so that a page that lost its form fails the run.
"""

import http.cookiejar
import mimetypes
import secrets
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser


class Unexpected(Exception):
    """The page is not as it must be; the message says what was looked for."""


@dataclass
class Form:
    """One form of a page: where it goes and what stands in it."""

    action: str
    method: str
    enctype: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    files: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    """Collects text, links and forms."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.by_id: dict[str, Form] = {}
        self._form: Form | None = None
        self._href: str | None = None
        self._label: list[str] = []
        self._select = self._area = ""
        self._chosen = False
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag in {"script", "style", "title"}:
            self._silent += 1
        elif tag == "form":
            self._form = Form(
                a.get("action", ""),
                a.get("method", "get").lower(),
                a.get("enctype", ""),
            )
            self.forms.append(self._form)
            self.by_id[a.get("id", "")] = self._form
        elif tag == "a":
            self._href, self._label = a.get("href", ""), []
        else:
            form = self.by_id.get(a["form"]) if "form" in a else self._form
            if form is not None:
                self._control(tag, form, a)

    def _control(self, tag: str, form: Form, a: dict[str, str]) -> None:
        name = a.get("name", "")
        if tag == "input":
            self._input(form, a)
        elif tag == "button" and a.get("type", "submit") == "submit":
            form.buttons.append((name, a.get("value", "")))
        elif tag in {"select", "textarea"}:
            self._select = name if tag == "select" else ""
            self._area = name if tag == "textarea" else ""
            self._chosen = False
            form.names.add(name)
            form.fields[name] = ""
        elif tag == "option" and self._select and ("selected" in a or not self._chosen):
            form.fields[self._select] = a.get("value", "")
            self._chosen = True

    def _input(self, form: Form, a: dict[str, str]) -> None:
        name, kind = a.get("name", ""), a.get("type", "text")
        if not name:
            return
        form.names.add(name)
        if kind == "file":
            form.files.add(name)
        elif kind in {"checkbox", "radio"}:
            if "checked" in a:
                form.fields[name] = a.get("value", "on")
        elif kind in {"submit", "image"}:
            form.buttons.append((name, a.get("value", "")))
        else:
            form.fields[name] = a.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "title"}:
            self._silent -= 1
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._area = ""
        if tag == "a" and self._href is not None:
            self.links.append((" ".join("".join(self._label).split()), self._href))
            self._href = None

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._area and self._form is not None:
            self._form.fields[self._area] += data.lstrip("\n")
            return
        self.words.append(data)
        if self._href is not None:
            self._label.append(data)


@dataclass
class Page:
    """What came back: address, status, bytes, and its text, links and forms."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes

    def __post_init__(self) -> None:
        reader = _Reader()
        if "html" in self.headers.get("content-type", ""):
            reader.feed(self.body.decode("utf-8", "replace"))
        self.text = " ".join(" ".join(reader.words).split())
        self.links, self.forms = reader.links, reader.forms

    def must_say(self, *words: str) -> "Page":
        """Fail unless every one of the words stands on the page."""
        for word in words:
            if word not in self.text:
                raise Unexpected(
                    f"{self.url} ({self.status}) lacks «{word}»: {self.text[:400]}"
                )
        return self

    def must_not_say(self, *words: str) -> "Page":
        """Fail where one of the words stands on the page."""
        for word in words:
            if word in self.text:
                raise Unexpected(f"{self.url} says «{word}»")
        return self

    def form_with(self, *names: str) -> Form:
        """The first form that has all these fields."""
        for form in self.forms:
            if set(names) <= form.names | {name for name, _value in form.buttons}:
                return form
        raise Unexpected(
            f"{self.url} ({self.status}) has no form with {names}: {self.text[:300]}"
        )

    def link(self, part: str, *, ending: str = "") -> str:
        """The first link whose address or words contain `part`."""
        for words, href in self.links:
            if (part in href or part in words) and href.endswith(ending):
                return urllib.parse.urljoin(self.url, href)
        raise Unexpected(f"{self.url} has no link with «{part}»: {self.text[:300]}")


class Browser:
    """One person's browser: its own cookies, Chinese first."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(self.cookies),
        )

    def open(self, path: str, *, status: int | None = 200) -> Page:
        """Follow a link. `status` is what must come back; None takes any."""
        return self._send(urllib.parse.urljoin(self.base_url, path), None, {}, status)

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
        """Fill in a form and send it where the page says, by GET or POST."""
        unknown = set(values) - form.names
        if unknown:
            raise Unexpected(f"{page.url}: the form has no field {unknown}")
        data = form.fields | values
        for name, value in form.buttons:
            if button and button in (name, value):
                data[name] = value
        target = urllib.parse.urljoin(page.url, form.action or page.url)
        headers = {"Referer": page.url, "Origin": _origin(page.url)}
        if form.method == "get":
            query = urllib.parse.urlencode(data)
            return self._send(f"{target.split('?')[0]}?{query}", None, headers, status)
        if files or form.enctype == "multipart/form-data":
            body, kind = _multipart(data, files or {})
        else:
            body = urllib.parse.urlencode(data).encode()
            kind = "application/x-www-form-urlencoded"
        return self._send(target, body, headers | {"Content-Type": kind}, status)

    def post(self, path: str, *, status: int | None = 200, **values: str) -> Page:
        """Send fields without a form, as a page's script would."""
        target = urllib.parse.urljoin(self.base_url, path)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send(
            target, urllib.parse.urlencode(values).encode(), headers, status
        )

    def _send(
        self,
        url: str,
        body: bytes | None,
        headers: dict[str, str],
        status: int | None,
    ) -> Page:
        request = urllib.request.Request(  # noqa: S310  http on loopback only
            urllib.parse.quote(url, safe="%/:=&?~#+!$,;'@()*[]"),
            data=body,
            headers={"Accept-Language": "zh-CN", **headers},
        )
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            page = Page(
                url=answer.geturl(),
                status=answer.status,
                headers={k.lower(): v for k, v in answer.headers.items()},
                body=answer.read(),
            )
        if status is not None and page.status != status:
            raise Unexpected(
                f"{page.url} answered {page.status}, not {status}: {page.text[:400]}"
            )
        return page


def _origin(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _multipart(
    data: dict[str, str], files: dict[str, tuple[str, bytes]]
) -> tuple[bytes, str]:
    mark = secrets.token_hex(12)
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in data.items()
        if name not in files
    ]
    body = "".join(parts).encode()
    for name, (filename, content) in files.items():
        kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        body += (
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; '
            f'filename="{filename}"\r\nContent-Type: {kind}\r\n\r\n'
        ).encode()
        body += content + b"\r\n"
    return body + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"
