"""Reading the daily bill, and holding our days against it."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest

from partners.ledger import queries as ledger
from shop.alipay import bill, operations, transport
from shop.alipay.bill import BadBill, BillRow
from shop.alipay.models import Difference, Payment

from .conftest import NOW
from .hostile import APP_ID, notice

DAY = date(2026, 11, 23)
HEADINGS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,"
    "订单金额（元）,退款批次号/请求号,服务费（元）"
)

PAYMENT, REFUND = "T1,O1,交易,橙,12.34,,-0.07", "T1,O1,退款,橙,-10.00,R1,0.06"


def packed(*files: tuple[str, bytes], **options) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return content.getvalue()


def table(*rows: str, headings: str = HEADINGS) -> bytes:
    lines = ["#支付宝业务明细查询", "#账号：[2088]", headings, *rows, "#结束", ""]
    cells = [
        line if line.startswith("#") else line.replace(",", "\t,") + "\t"
        for line in lines
    ]
    return "\n".join(cells).encode("gbk")


def line(payment, *, trade_no="", amount="12.34", request_no="", fee="-0.07") -> str:
    kind = "退款" if request_no else "交易"
    number = trade_no or f"T{payment.pk}"
    return f"{number},{payment.out_trade_no},{kind},橙,{amount},{request_no},{fee}"


class TestReadBill:
    def test_takes_payments_and_refunds_from_gbk_with_tabs(self):
        content = packed(
            (
                "明细.csv",
                table(PAYMENT, REFUND),
            ),
            ("汇总.csv", "#汇总\n门店编号,交易订单总笔数\n,2\n".encode("gbk")),
        )
        assert bill.read_bill(content, app_id=APP_ID) == [
            BillRow("O1", "T1", "", 1234, -7),
            BillRow("O1", "T1", "R1", 1000, 6),
        ]

    def test_takes_only_our_applications_rows_where_it_names_them(self):
        headings = HEADINGS + ",应用ID"
        content = packed(
            (
                "a.csv",
                table(
                    f"T1,O1,交易,橙,1.00,,0,{APP_ID}",
                    "T2,O2,交易,橙,1.00,,0,another",
                    headings=headings,
                ),
            )
        )
        rows = bill.read_bill(content, app_id=APP_ID)
        assert [row.out_trade_no for row in rows] == ["O1"]

    def test_tells_payments_from_refunds_by_kind_and_sign(self):
        rows = bill.read_bill(
            packed(
                (
                    "a.csv",
                    table("T1,O1,交易,橙,1.00,x,0", "T1,O1,退款,橙,-1.00,,0"),
                )
            ),
            app_id=APP_ID,
        )
        assert [row.request_no for row in rows] == ["", "O1"]

    def test_of_a_day_without_money_is_empty(self):
        assert bill.read_bill(packed(("a.csv", table())), app_id=APP_ID) == []

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"not a zip",
            packed(),
            packed(("a.txt", b"hello")),
            packed(("a.csv", b"\xff\xff\xff")),
            packed(("a.csv", table("T1,O1,交易,橙,1.005,,0"))),
            packed(("a.csv", table("T1,O1,交易,橙,NaN,,0"))),
            packed(("a.csv", table("T1,O1,交易,橙,1e1,,0"))),
            packed(("a.csv", table(",O1,交易,橙,1.00,,0"))),
            packed(("a.csv", table("T1"))),
            packed(*[(f"{number}.csv", table()) for number in range(21)]),
            packed(("a.csv", table("T1,O1,交易,橙,12.34,,0")))[:-30],
        ],
        ids=[
            "empty",
            "no zip",
            "no file",
            "no table",
            "no gbk",
            "a part of a fen",
            "not a number",
            "an exponent",
            "no trade",
            "too few cells",
            "too many files",
            "cut off",
        ],
    )
    def test_refuses_what_is_no_bill(self, content):
        with pytest.raises(BadBill):
            bill.read_bill(content, app_id=APP_ID)

    def test_refuses_a_file_that_swells(self, monkeypatch):
        monkeypatch.setattr(bill, "UNPACKED_BYTES", 100_000)
        bomb = packed(("a.csv", table() + b"#" * 1_000_000))
        assert len(bomb) < 5000
        with pytest.raises(BadBill, match="unpacks"):
            bill.read_bill(bomb, app_id=APP_ID)
        # Negative control: under the limit the same shape is read.
        fits = packed(("a.csv", table() + b"#" * 50_000))
        assert bill.read_bill(fits, app_id=APP_ID) == []

    def test_counts_what_comes_out_not_what_the_zip_claims(self, monkeypatch):
        monkeypatch.setattr(bill, "UNPACKED_BYTES", 100_000)
        half = table() + b"#" * 60_000
        with pytest.raises(BadBill, match="unpacks"):
            bill.read_bill(packed(("a.csv", half), ("b.csv", half)), app_id=APP_ID)

    def test_never_writes_a_file_whatever_the_names_are(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        content = packed(("../../evil.csv", table("T1,O1,交易,橙,1.00,,0")))
        assert len(bill.read_bill(content, app_id=APP_ID)) == 1
        assert not list(tmp_path.iterdir())


@pytest.fixture
def billed(alipay, monkeypatch):
    """Gives Alipay a bill of these rows for whatever day is asked."""

    def _give(*rows: str) -> None:
        method = "data_dataservice_bill_downloadurl_query"
        address = "http://127.0.0.1:9/bill.zip"
        monkeypatch.setattr(
            alipay,
            method,
            lambda biz: {"code": "10000", "bill_download_url": address},
            raising=False,
        )
        content = packed(("a.csv", table(*rows)))
        monkeypatch.setattr(transport, "get", lambda url, limit: content)

    return _give


def paid(payment, alipay):
    alipay.paid(payment)
    operations.receive_notice(params=notice(payment), at=NOW)
    payment.refresh_from_db()
    return payment


@pytest.mark.django_db
class TestReconcile:
    def lists(self, day=DAY, at=NOW):
        report = operations.reconcile(day=day, at=at)
        return (report.missing_local, report.amount_mismatch, report.missing_remote)

    def test_of_equal_books_finds_nothing(self, payment, alipay, billed):
        paid(payment, alipay)
        operations.refund(payment=payment, amount_fen=1000, request_no="R1", at=NOW)
        billed(line(payment), line(payment, amount="-10.00", request_no="R1"))
        assert self.lists() == ([], [], [])

    def test_names_what_differs(self, open_payment, alipay, billed):
        equal, other, ours, theirs = (open_payment() for _ in range(4))
        for row in (equal, other, ours):
            paid(row, alipay)
        billed(line(equal), line(other, amount="12.35"), line(theirs))
        assert self.lists() == (
            [theirs.out_trade_no],
            [other.out_trade_no],
            [ours.out_trade_no],
        )

    def test_names_refunds_by_their_number(self, payment, alipay, billed):
        paid(payment, alipay)
        operations.refund(payment=payment, amount_fen=1000, request_no="R1", at=NOW)
        billed(line(payment), line(payment, amount="-2.00", request_no="by-hand"))
        name = payment.out_trade_no
        assert self.lists() == ([f"{name}/by-hand"], [], [f"{name}/R1"])

    def test_matches_what_we_recorded_on_another_day(self, payment, alipay, billed):
        paid(payment, alipay)
        billed(line(payment))
        assert self.lists(day=DAY - timedelta(days=1)) == ([], [], [])

    def test_knows_money_in_suspense(self, payment, alipay, billed):
        alipay.paid(payment, amount="0.01")
        operations.receive_notice(params=notice(payment, total_amount="0.01"), at=NOW)
        operations.resolve_due(now=NOW)
        back = f"return_T{payment.pk}"
        billed(
            line(payment, amount="0.01"),
            line(payment, amount="-0.01", request_no=back),
        )
        assert self.lists() == ([], [], [])

    def test_of_a_second_payment_we_never_heard_of(self, payment, alipay, billed):
        paid(payment, alipay)
        billed(line(payment), line(payment, trade_no="T-second"))
        assert self.lists() == ([payment.out_trade_no], [], [])

    def test_days_are_beijings(self, payment, alipay, billed):
        alipay.paid(payment)
        late = notice(payment, gmt_payment="2026-11-23 23:59:59")
        operations.receive_notice(
            params=late, at=datetime(2026, 11, 23, 16, 1, tzinfo=UTC)
        )
        billed()
        assert self.lists() == ([], [], [payment.out_trade_no])
        assert self.lists(day=DAY + timedelta(days=1)) == ([], [], [])

    def test_leaves_other_applications_money_out(self, payment, alipay, billed):
        paid(payment, alipay)
        Payment.objects.update(app_id="another")
        billed()
        assert self.lists() == ([], [], [])

    def test_posts_nothing_but_has_missing_payments_asked_about(
        self, payment, alipay, billed
    ):
        alipay.paid(payment)
        billed(line(payment))
        assert self.lists()[0] == [payment.out_trade_no]
        payment.refresh_from_db()
        assert payment.captured_fen == 0
        operations.resolve_due(now=NOW)
        payment.refresh_from_db()
        assert payment.status == "PAID"
        # The next comparison finds the difference gone.
        assert self.lists() == ([], [], [])
        assert Difference.objects.get().gone_at == NOW

    def test_without_a_bill_says_why(self, alipay, monkeypatch, billed):
        billed()
        for fault in (b"no zip", None):

            def get(url, limit, fault=fault):
                if fault is None:
                    raise transport.NoAnswer("status 404")
                return fault

            monkeypatch.setattr(transport, "get", get)
            with pytest.raises(operations.UnableToReconcile):
                operations.reconcile(day=DAY, at=NOW)
        alipay.refuse(
            "alipay.data.dataservice.bill.downloadurl.query", "isp.bill_not_exist"
        )
        with pytest.raises(operations.UnableToReconcile):
            operations.reconcile(day=DAY, at=NOW)

    @pytest.mark.parametrize(
        "address", ["", "file:///etc/passwd", "ftp://127.0.0.1/x", "//127.0.0.1/x"]
    )
    def test_fetches_from_web_addresses_only(self, alipay, monkeypatch, address):
        monkeypatch.setattr(
            alipay,
            "data_dataservice_bill_downloadurl_query",
            lambda biz: {"code": "10000", "bill_download_url": address},
            raising=False,
        )
        with pytest.raises(operations.UnableToReconcile):
            operations.reconcile(day=DAY, at=NOW)


@pytest.mark.django_db
class TestSettleDifference:
    @pytest.fixture
    def difference(self, payment, alipay, billed):
        paid(payment, alipay)
        billed(line(payment), line(payment, trade_no="T-stray", amount="5.00"))
        operations.reconcile(day=DAY, at=NOW)
        return Difference.objects.get()

    def settle(self, difference, operator, **changes):
        wanted = {"park": True, "note": "asked Alipay", "by": operator, "at": NOW}
        return operations.settle_difference(difference=difference, **wanted | changes)

    def test_parks_what_alipay_has_more_in_suspense_once(self, difference, operator):
        self.settle(difference, operator)
        assert ledger.balance_fen("suspense") == -500
        assert ledger.balance_fen("alipay:clearing") == 1734
        with pytest.raises(operations.UnableToSettle, match="settled already"):
            self.settle(difference, operator)

    def test_with_a_note_alone_moves_nothing(self, difference, operator):
        settled = self.settle(difference, operator, park=False)
        assert (settled.settled_by, settled.note) == (operator, "asked Alipay")
        assert ledger.balance_fen("suspense") == 0

    def test_needs_a_note(self, difference, operator):
        with pytest.raises(operations.UnableToSettle, match="note"):
            self.settle(difference, operator, note=" ")

    def test_takes_no_more_out_of_suspense_than_is_in_it(
        self, payment, alipay, billed, operator
    ):
        paid(payment, alipay)
        billed(line(payment, amount="12.00"))
        operations.reconcile(day=DAY, at=NOW)
        with pytest.raises(operations.UnableToSettle, match="less in suspense"):
            self.settle(Difference.objects.get(), operator)
        assert Difference.objects.get().settled_at is None
