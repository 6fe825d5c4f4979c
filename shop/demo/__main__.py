"""`make demo`: a living county on one machine, with one command.

Makes what is missing (database, divisions, static files, keys, the first part of
the county), starts the web server, the worker with its beat, the local Alipay
gateway and the local carrier, fills in the county's history behind the first page,
and prints where to go. Ctrl-C ends everything it started.
"""

import os
import sys
from pathlib import Path

from shop.demo import addresses, history
from shop.demo.processes import AlreadyRunning, Family, PortTaken, free_ports
from shop.demo.setting_up import prepare
from shop.demo.tongue import say

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(os.environ.get("XIANGJI_VAR", ROOT / "var"))


def environment(*, port: int, own_gateway: bool) -> dict[str, str]:
    """What every process of the demo is told: who listens where."""
    here = f"http://127.0.0.1:{port}"
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "shop.config.settings.local",
        "XIANGJI_VAR": str(VAR),
        "XIANGJI_BASE_URL": os.environ.get("XIANGJI_BASE_URL", here),
        "CARRIER_STANDIN_URL": f"http://127.0.0.1:{port + 2}",
        "PYTHONUNBUFFERED": "1",
    }
    if not own_gateway:
        env["ALIPAY_SANDBOX_URL"] = f"http://127.0.0.1:{port + 1}"
    return env


def main() -> int:
    own_gateway = bool(os.environ.get("ALIPAY_GATEWAY"))
    try:
        port = wanted_port(os.environ.get("PORT") or "8000")
        free_ports(listeners(port=port, own_gateway=own_gateway))
        os.environ |= environment(port=port, own_gateway=own_gateway)
        VAR.mkdir(parents=True, exist_ok=True)
        with Family(pid_file=VAR / "demo.pid", logs=VAR / "logs") as family:
            return live(family, port=port, own_gateway=own_gateway)
    except (AlreadyRunning, PortTaken, UnusablePort) as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1


class UnusablePort(Exception):
    """PORT is not a number that three listeners in a row could have."""


def wanted_port(text: str) -> int:
    """The first of the demo's three ports. Errors: UnusablePort."""
    if not (text.isascii() and text.isdigit() and 1024 <= int(text) <= 65_000):
        raise UnusablePort(
            say(
                f"PORT={text} 不能用：请选 1024 到 65000 之间的数字，"
                "例如 make demo PORT=8080。",
                f"PORT={text} cannot be used: choose a number from 1024 to 65000, "
                "for example make demo PORT=8080.",
            )
        )
    return int(text)


def listeners(*, port: int, own_gateway: bool) -> dict[int, str]:
    """Who listens where, by name."""
    names = {
        port: say("商城", "the shop"),
        port + 2: say("本机快递", "the local carrier"),
    }
    if not own_gateway:
        names[port + 1] = say("本机支付宝网关", "the local Alipay gateway")
    return names


def live(family: Family, *, port: int, own_gateway: bool) -> int:
    """Make what is missing, start everybody, watch until the end."""
    prepare(root=ROOT, var=VAR, port=port)
    family.start(
        "web",
        python(
            f"-m granian --interface wsgi --host 127.0.0.1 --port {port}"
            " --workers 2 --blocking-threads 2 --no-access-log --log-level warning"
            " --respawn-failed-workers --respawn-interval 1"
            " shop.config.wsgi:application"
        ),
    )
    if not own_gateway:
        family.start("alipay", python(f"manage.py alipay_sandbox --port {port + 1}"))
    family.wait_for(port=port, name="web")
    if not own_gateway:
        family.wait_for(port=port + 1, name="alipay")
    table = addresses.lines(port=port, own_gateway=own_gateway)
    print("", *(f"  {line}".rstrip() for line in table), "", sep="\n")
    # Nobody needs these in the first seconds, when the pages want both cores.
    family.start("carrier", python(f"-m logistics.carriers.standin --port {port + 2}"))
    family.start(
        "worker",
        python(
            "-m celery -A shop.config worker --beat --pool solo --loglevel info"
            f" --schedule {VAR / 'beat'}"
        ),
    )
    if not history.finished(VAR):
        fill_in_the_past(family, port=port)
    return family.watch()


def fill_in_the_past(family: Family, *, port: int) -> None:
    """Start the county's history, unless somebody wants a county without one."""
    if os.environ.get("XIANGJI_DEMO_HISTORY") == "0":
        (VAR / history.MARK).write_text("left out", encoding="ascii")
        return
    family.wait_for(port=port + 2, name="carrier")
    family.start("history", python("-m shop.demo.history"), shown=True, once=True)


def python(words: str) -> list[str]:
    """A command line of this very Python."""
    return [sys.executable, *words.split()]


if __name__ == "__main__":
    sys.exit(main())
