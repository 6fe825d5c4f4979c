"""The page that checks boxes on a phone whose network is off, in a real browser."""

import base64
import os
import shutil
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from partners.organisations.models import Assistant, Farmer
from tests.factories.keys import OfflineMachine
from tests.factories.programs import VERIFY, program
from tests.factories.traceability import new_batch, new_certificate, new_lot
from traceability import boxcodes, operations, queries, revocations, signing
from traceability.boxcodes import Facts
from traceability.models import LabelBatch

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PHONE = {"width": 390, "height": 844}
# As the browsers inside WeChat are.
WITHOUT_ED25519 = """
const real = crypto.subtle.importKey.bind(crypto.subtle);
crypto.subtle.importKey = (form, key, how, ...rest) =>
  how?.name === "Ed25519"
    ? Promise.reject(new Error("unknown")) : real(form, key, how, ...rest);
"""
verifier = program("verify", VERIFY)


@dataclass
class County:
    """A county that signs boxes, one good batch, and one that is recalled."""

    root: OfflineMachine
    folder: Path
    good: LabelBatch
    bad: LabelBatch
    by: Any

    def text(self, batch: LabelBatch, **changes: Any) -> str:
        """A box code of the batch, signed by our key whatever is changed in it."""
        issue = batch.box_issues.get()
        facts = queries.shared_facts(batch, issued_at=issue.issued_at)
        signer = signing.signer("box", issue.key_id)
        return text_of(replace(facts, **changes), signer)

    def publish(self) -> None:
        operations.publish_log(at=timezone.now())


def text_of(facts: Facts, signer: signing.Signer) -> str:
    return boxcodes.address(boxcodes.sign(facts, signer=signer)).rpartition("/")[2]


def changed(text: str) -> str:
    """One bit of the signature is another."""
    data = bytearray(base64.b32decode(text + "=" * (-len(text) % 8)))
    data[-1] ^= 1
    return base64.b32encode(data).decode().rstrip("=")


@pytest.fixture
def county(
    settings: Any, tmp_path: Path, farmer_wang: Farmer, assistant_zhao: Assistant
) -> County:
    settings.LOG_FOLDER = tmp_path / "log"
    root = OfflineMachine.new(tmp_path / "offline")
    settings.ROOT_KEY_FILE = str(root.public_file)
    settings.SIGNING_KEY_FILES = {
        it: str(tmp_path / "keys" / f"{it}.pem") for it in settings.SIGNING_KEY_FILES
    }
    now = timezone.now()
    operations.record_first_keys(at=now)
    root.list_keys(valid_from=now - timedelta(days=1), at=now)
    operations.publish_log(at=now)
    by = assistant_zhao.user
    made = []
    for _batch in range(2):
        lot = new_lot(farmer=farmer_wang, by=by)
        certificate = new_certificate(lot=lot, by=by, at=now)
        batch = new_batch(certificate=certificate, by=by, at=now)
        operations.issue_boxes(batch=batch, by=by, at=now)
        made.append(batch)
    operations.publish_log(at=now)
    return County(root, settings.LOG_FOLDER, made[0], made[1], by)


@pytest.fixture
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@dataclass
class Phone:
    """A phone that opened the page once; `wrong` is what its console complained of."""

    page: Any
    url: str
    wrong: list[str]

    @classmethod
    def new(cls, browser: Any, live_server: LiveServer, *, script: str = "") -> "Phone":
        context = browser.new_context(viewport=PHONE, locale="en-US")
        page = context.new_page()
        if script:
            page.add_init_script(script)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text))
        phone = cls(page, live_server.url, wrong)
        phone.open("/verify/")
        page.evaluate(
            """async () => {
              for (const scope of ["/verify/", "/V/", "/T/"]) {
                const registered = await navigator.serviceWorker.getRegistration(scope);
                const one = registered.installing ?? registered.waiting;
                if (one) await new Promise((done) => {
                  one.addEventListener("statechange", () => {
                    if (one.state === "activated") done();
                  });
                  if (one.state === "activated") done();
                });
              }
            }"""
        )
        return phone

    def open(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")
        self.page.locator("#offline[data-ready]").wait_for()

    def network(self, *, on: bool) -> None:
        self.page.context.set_offline(not on)

    def says(self, path: str) -> str:
        """The verdict after the phone's own camera opened an address."""
        self.open(path)
        return str(self.page.locator("[data-verdict]").inner_text())

    def lists(self) -> str:
        return str(self.page.locator("section:has([data-lists])").inner_text())

    def refresh(self) -> None:
        self.page.get_by_role("button", name="Fetch them anew").click()
        self.page.locator("[data-refresh]:enabled").wait_for()


@pytest.mark.parametrize("script", ["", WITHOUT_ED25519], ids=["own", "vendored"])
def test_checks_boxes_with_the_network_off(
    chromium: Any, live_server: LiveServer, county: County, script: str
) -> None:
    operations.recall_lot(
        lot=county.bad.lot, reason="有虫", by=county.by, at=timezone.now()
    )
    county.publish()
    phone = Phone.new(chromium, live_server, script=script)
    assert "Lists of" in phone.lists()
    phone.network(on=False)
    # The control: what is not kept cannot be reached.
    other = phone.page.context.new_page()
    with pytest.raises(playwright.Error, match="ERR_INTERNET_DISCONNECTED"):
        other.goto(f"{live_server.url}/log/")
    good = county.text(county.good)
    told = phone.says(f"/V/{good}")
    for words in ("Signature right", "issued by xiangji.example", "冰糖橙", "永固村"):
        assert words in told, told
    assert "not that this is the only copy" in told
    assert "No network just now" in phone.lists()
    assert "Recalled" in phone.says(f"/V/{county.text(county.bad)}")
    assert "Signature wrong" in phone.says(f"/V/{changed(good)}")
    assert "Not a box code" in phone.says(f"/V/{good[:-9]}")
    assert "Cannot be decided" in phone.says(f"/T/{county.good.first_code}")
    assert "Recalled" in phone.says(f"/T/{county.bad.first_code}")
    # Typed in, in the program itself.
    phone.open("/verify/")
    phone.page.get_by_label("Address in the code").fill(f"HTTPS://X.EXAMPLE/V/{good}")
    phone.page.get_by_role("button", name="Check", exact=True).click()
    phone.page.get_by_text("Signature right").first.wait_for()
    # The browser itself notes each fetch that fails; nothing else is wrong.
    assert [it for it in phone.wrong if "ERR_INTERNET_DISCONNECTED" not in it] == []


def test_takes_new_lists_and_never_older_ones(
    chromium: Any, live_server: LiveServer, county: County, tmp_path: Path
) -> None:
    phone = Phone.new(chromium, live_server)
    shutil.copytree(county.folder, tmp_path / "before")
    operations.recall_lot(
        lot=county.bad.lot, reason="有虫", by=county.by, at=timezone.now()
    )
    county.publish()
    phone.refresh()
    assert "revocation list no. 2" in phone.lists()
    name = revocations.FILE
    shutil.copy(tmp_path / "before" / name, county.folder / name)
    phone.refresh()
    assert "were not taken" in phone.lists()
    assert "revocation list no. 2" in phone.lists()
    phone.network(on=False)
    assert "Recalled" in phone.says(f"/V/{county.text(county.bad)}")


def test_says_when_its_lists_are_old(
    chromium: Any, live_server: LiveServer, county: County
) -> None:
    phone = Phone.new(chromium, live_server)
    phone.network(on=False)
    days = 3 * 86_400_000
    phone.page.add_init_script(
        f"""{{ const real = Date;
        globalThis.Date = class extends real {{
          constructor(...told) {{
            super(...(told.length ? told : [real.now() + {days}]));
          }}
          static now() {{ return real.now() + {days}; }}
        }}; }}"""
    )
    told = phone.says(f"/V/{county.text(county.good)}")
    assert "These lists are old" in told
    assert "3 days ago" in phone.lists()


def test_agrees_with_the_verifier_that_shares_no_code_with_it(
    chromium: Any, live_server: LiveServer, county: County, tmp_path: Path
) -> None:
    """Page, program and site on the same box codes."""
    now = timezone.now()
    torn = county.good.labels.get(pk=county.good.first_number + 1)
    operations.void_label(label=torn, reason="破", by=county.by, at=now)
    operations.recall_lot(lot=county.bad.lot, reason="有虫", by=county.by, at=now)
    county.publish()
    good = county.text(county.good)
    facts = boxcodes.read(good).facts
    signing.create_next_key("certificate")
    stranger = signing.signer("certificate")
    early = facts.issued_at - timedelta(days=9)
    cases = {
        good: "holds",
        good.lower(): "holds",
        county.text(county.bad): "recalled",
        county.text(county.good, code=torn.code): "voided",
        county.text(county.good, use_by=(now - timedelta(days=2)).date()): "expired",
        county.text(county.good, issued_at=early): "undated",
        text_of(facts, stranger): "foreign",
        changed(good): "false",
        good[:-8]: "unreadable",
        "A" + good[1:]: "unreadable",
        "": "unreadable",
    }
    phone = Phone.new(chromium, live_server)
    found = {text: js_state(phone, county, text) for text in cases}
    assert found == cases
    for text, state in cases.items():
        said = python_says(county, text)
        assert (said == "holds") == (state == "holds"), (state, said)
        for word in ("recalled", "voided"):
            assert (word in said) == (state == word)


def js_state(phone: Phone, county: County, text: str) -> str:
    lists = [
        (county.folder / it).read_text(encoding="utf-8")
        for it in ("key-list.json", "revocations.json")
    ]
    files = {
        status: list((county.folder / held.name).read_bytes())
        for status, held in revocations.read(lists[1])[0].labels.items()
    }
    state = phone.page.evaluate(
        """async ([text, [keyText, endedText], root, files]) => {
          const { keyList, revocations, judge } = globalThis.xiangjiLists;
          const keys = await keyList(keyText, root, "");
          const lists = { keys, revocations: await revocations(endedText, keys, "") };
          lists.files = Object.fromEntries(
            Object.entries(files).map(([name, held]) => [name, Uint8Array.from(held)]));
          return (await judge(`/V/${text || "-"}`, lists, new Date())).state;
        }""",
        [text, lists, county.root.public_file.read_text("utf-8"), files],
    )
    return str(state)


def python_says(county: County, text: str) -> str:
    """What verify.py says: "holds", what ended, or why it is bad."""
    given = Namespace(
        root=county.root.public_file.read_text(encoding="utf-8").strip(),
        certificate=[f"HTTPS://X.EXAMPLE/V/{text}"],
        lists=str(county.folder),
        memory=None,
    )
    try:
        found = list(verifier.verify_box(given))
    except (verifier.Wrong, ValueError, TypeError, LookupError) as error:
        return f"bad: {error}"
    ended = [str(it) for it in found if it.ended]
    return "; ".join(ended) or "holds"


def test_weighs_little() -> None:
    folder = Path(boxcodes.__file__).parent / "static"
    scripts = [*(folder / "offline").glob("*.js"), folder / "code-scanner.js"]
    assert sum(path.stat().st_size for path in scripts) < 60_000
    licence = (folder / "offline" / "LICENSE-noble-ed25519").read_text("utf-8")
    assert "MIT" in licence
    assert "Paul Miller" in licence
