"""Steps 9 and 10: a program that reads published files; the ledger's own report."""

import os
import subprocess
import sys

from django.utils.translation import gettext as _

from partners.ledger.queries import balance_fen
from shop.demo.market_day.journey import ROOT, VAR, Day, must


def prove(day: Day) -> None:
    """The log first, then the ledger."""
    verify_log(day)
    check_ledger(day)


def verify_log(day: Day) -> None:
    """The verifier that the site publishes, run by itself on published files only."""
    program = day.keep("verify.py", day.browser().open("/log/verify.py").body)
    run = day.wait_for(
        "the log to hold the certificate", lambda: _verified(day, program)
    )
    day.say(
        _(
            "A program of its own, from public files alone, has verified the log and"
            " certificate %(number)s: %(said)s"
        )
        % {"number": day.known["certificate"], "said": run}
    )


def _verified(day: Day, program: object) -> str | None:
    source, number = f"{day.base_url}/log", day.known["certificate"]
    # The root's public half: what a buyer has in print.
    root = str(VAR / "keys" / "root.pub")
    done = subprocess.run(
        [sys.executable, "-I", str(program), source, number, "--root", root],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    day.keep("verify.txt", (done.stdout + done.stderr).encode())
    if done.returncode:
        return None
    return done.stdout.strip().splitlines()[-1]


def check_ledger(day: Day) -> None:
    """Every entry sums to zero, the order's escrow is zero, and the report says so."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "shop.config.settings.local",
        "XIANGJI_VAR": str(VAR),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "ledger_report"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=env,
        timeout=120,
        check=False,
    )
    day.keep("ledger_report.txt", (done.stdout + done.stderr).encode())
    must(done.returncode == 0, f"the ledger report fails: {done.stdout}{done.stderr}")
    escrow_fen = balance_fen(f"order:{day.known['number']}:escrow")
    must(escrow_fen == 0, f"the completed order's escrow holds {escrow_fen} fen")
    day.say(
        _(
            "The ledger balances: every entry sums to zero, and so does this order's"
            " escrow (ledger_report.txt)"
        )
    )
