"""Beancount's own program must accept what we export."""

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from partners.ledger import export, operations, tasks
from partners.ledger.models import AccountKind
from partners.ledger.operations import Line

from .conftest import NOON, captured
from .test_post import refund

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy_ledger() -> None:
    """All four kinds of account, a reversal, a sealed and an unsealed entry."""
    captured("HS2026-0001", 2900, memo='王婶家"冰糖橙"\\ 5斤装')
    refund("HS2026-0001", 1)
    operations.seal_entries(at=NOON)
    lines = [Line("order:HS2026-0001:escrow", 2899), Line("farmer:7:payable", -2500)]
    lines += [Line("freight:payable", -300), Line("platform:fee", -99)]
    split = captured("split", lines=lines)
    captured("fee", lines=[Line("alipay:fees", 17), Line("alipay:clearing", -17)])
    operations.reverse(entry=split, key="undo", reason="box came back", at=NOON)


def judged(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What beancount, another program, says of a file with this text."""
    path = folder / "ledger.beancount"
    path.write_text(text, encoding="utf-8")
    program = Path(sys.executable).with_name("bean-check")
    return subprocess.run(
        [program, "--no-cache", path], capture_output=True, text=True, check=False
    )


def exported() -> str:
    out = StringIO()
    call_command("ledger_export", "--beancount", stdout=out)
    return out.getvalue()


class TestLedgerExport:
    def test_is_accepted_by_beancount(self, busy_ledger: None, tmp_path: Path) -> None:
        verdict = judged(exported(), tmp_path)
        assert (verdict.returncode, verdict.stdout + verdict.stderr) == (0, "")

    @pytest.mark.parametrize(
        ("right", "wrong"),
        [
            ("Income:Platform:Fee  -0.99", "Income:Platform:Fee  -0.98"),
            (
                "balance Assets:Alipay:Clearing 28.82",
                "balance Assets:Alipay:Clearing 9",
            ),
            ("Liabilities:Freight:Payable  -3.00", "Liabilities:Nobody  -3.00"),
        ],
    )
    def test_would_be_refused_with_a_wrong_figure(
        self, busy_ledger: None, tmp_path: Path, right: str, wrong: str
    ) -> None:
        assert right in exported()
        assert judged(exported().replace(right, wrong, 1), tmp_path).returncode != 0

    def test_is_the_same_each_time(self, busy_ledger: None) -> None:
        assert exported() == exported()

    def test_is_accepted_when_nothing_was_posted(self, tmp_path: Path) -> None:
        assert judged(exported(), tmp_path).returncode == 0

    def test_is_written_every_night(self, busy_ledger: None) -> None:
        tasks.export_ledger()
        path = settings.VAR / "exports" / "ledger.beancount"
        assert path.read_text(encoding="utf-8") == exported()

    def test_refuses_two_accounts_of_one_name(self) -> None:
        for code in ("bank", "Bank"):
            operations.open_account(code=code, kind=AccountKind.ASSET)
        captured("1", lines=[Line("bank", 1), Line("Bank", -1)])
        with pytest.raises(export.UnableToExport):
            exported()
