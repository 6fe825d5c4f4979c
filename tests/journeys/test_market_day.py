"""The market day, over HTTP and in a real Chromium at phone and desktop size."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "var" / "journey"
WINDOWS = {
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
    },
    "desktop": {"viewport": {"width": 1280, "height": 900}},
}


def free_port() -> int:
    """The first of three ports in a row that nobody listens on."""
    for port in range(18_000, 19_000, 10):
        with socket.socket() as probe:
            if all(probe.connect_ex(("127.0.0.1", port + n)) for n in range(3)):
                return port
    raise RuntimeError("no free port between 18000 and 19000")


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A demo of its own, as `make demo` starts it, without the county's past."""
    var = tmp_path_factory.mktemp("county")
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith("ALIPAY_")},
        "PORT": str(free_port()),
        "XIANGJI_VAR": str(var),
        "XIANGJI_DEMO_HISTORY": "0",
        "DJANGO_SETTINGS_MODULE": "shop.config.settings.local",
    }
    env.pop("DATABASE_URL", None)
    log = (var / "demo.log").open("w+")
    demo = subprocess.Popen(
        [sys.executable, "-m", "shop.demo"], cwd=ROOT, env=env, stdout=log, stderr=log
    )
    deadline = time.monotonic() + 480
    while "Ctrl-C" not in (words := (var / "demo.log").read_text()):
        assert demo.poll() is None, f"the demo did not start:\n{words[-2000:]}"
        assert time.monotonic() < deadline, f"the demo takes too long:\n{words[-2000:]}"
        time.sleep(0.5)
    yield env
    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=30) == 0


def walk(county: dict[str, str], code: str) -> str:
    """Run a program beside the demo; what it said. Fails where it fails."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=county,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    told = (Path(county["XIANGJI_VAR"]) / "demo.log").read_text()[-6000:]
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nthe demo said:\n{told}"
    return done.stdout


def test_over_http(county):
    said = walk(
        county, "from shop.demo.market_day.__main__ import main; exit(main(lang='en'))"
    )
    assert "Everything as it must be" in said


# Everything that the database keeps encrypted because it is somebody's, one a line.
SECRETS = """
import django
django.setup()
from django.apps import apps
from partners.privacy import EncryptedField
for model in apps.get_models():
    for field in model._meta.fields:
        if isinstance(field, EncryptedField):
            for value in model.objects.values_list(field.name, flat=True):
                print("\\n".join((value or "").split("\\n")))
"""


def test_its_logs_name_nobody(county):
    """Every process of that day wrote its lines; nobody's data stands in them."""
    logs = sorted((Path(county["XIANGJI_VAR"]) / "logs").glob("*.log"))
    assert {log.stem for log in logs} >= {"web", "worker", "alipay", "carrier"}
    text = "".join(log.read_text(encoding="utf-8", errors="replace") for log in logs)
    assert " route=ordering:checkout status=302 " in text
    secrets = {line for line in walk(county, SECRETS).splitlines() if len(line) > 2}
    assert len(secrets) > 50
    assert "李示例" in secrets
    # A login code is six digits; so is many a number that means nothing.
    numbers = {value for value in secrets if value.isdigit() and len(value) < 11}
    keys = set(re.findall(r"[A-Za-z0-9_.-]{30,}", " ".join(secrets)))
    assert len(keys) > 3
    assert [value for value in secrets - numbers | keys if value in text] == []
    jobs = next(log for log in logs if log.stem == "worker").read_text("utf-8")
    assert " task=shop.notices.tasks.deliver_text " in jobs


@pytest.mark.walk
@pytest.mark.parametrize("size", sorted(WINDOWS))
def test_in_chromium(county, size):
    said = walk(
        county,
        "from tests.journeys.test_market_day import in_chromium\n"
        f"in_chromium({size!r})",
    )
    assert "Everything as it must be" in said


def in_chromium(size: str) -> None:
    """The whole day in Chromium; each person has a context of their own."""
    # Playwright's loop runs in this thread; the day's one look at the ledger may, too.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    from playwright.sync_api import sync_playwright

    from shop.demo.market_day.__main__ import main
    from tests.journeys.chromium import Chromium

    shutil.rmtree(PICTURES / size, ignore_errors=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-background-networking"],
        )

        def window(base_url: str) -> Chromium:
            context = chromium.new_context(
                locale="zh-CN", reduced_motion="reduce", **WINDOWS[size]
            )
            return Chromium(base_url, context=context, pictures=PICTURES / size)

        code = main(window=window, lang="en")
        chromium.close()
    sys.exit(code)
