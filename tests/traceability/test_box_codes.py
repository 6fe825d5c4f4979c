"""Box codes: what is signed, who is believed, what a stolen database is worth."""

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import translation
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.keys import OfflineMachine, key_for, rotation, theft
from tests.factories.traceability import NOW, new_batch, new_certificate, new_lot
from tests.guards import guards_lifted
from tests.traceability import test_prints
from traceability import boxcodes, operations, queries, signing
from traceability.boxcodes import BoxCodeRejected, BoxCodeTooLong, Facts
from traceability.models import (
    BoxIssue,
    KeyPurpose,
    LabelBatch,
    LabelPrint,
    LogLeaf,
    SigningKey,
)
from traceability.operations import UnableToPrint, prints
from traceability.printing import BOX_PAPERS, write_boxes
from traceability.printing.boxes import symbol
from traceability.queries import Mark, State

pytestmark = pytest.mark.django_db

QR = zxingcpp.BarcodeFormat.QRCode
HOUR = timedelta(hours=1)


def texts_of(issue: BoxIssue) -> list[str]:
    """What stands behind /V/ on each box of the batch."""
    batch = issue.batch
    numbers = range(batch.first_number, batch.last_number + 1)
    messages = queries.signed_boxes(issue, numbers)
    return [boxcodes.address(it).rpartition("/")[2] for it in messages]


def mark_of(text: str) -> Mark:
    return queries.judge_box(text=text, device=None, now=NOW).mark


@pytest.fixture
def issue(batch: LabelBatch, zhao: User) -> BoxIssue:
    return operations.issue_boxes(batch=batch, by=zhao, at=NOW)


@pytest.fixture
def text(issue: BoxIssue) -> str:
    return texts_of(issue)[0]


class TestText:
    def test_says_all_the_facts(self, text: str, batch: LabelBatch) -> None:
        facts = boxcodes.read(text).facts
        assert facts.code == batch.first_code
        assert (facts.product, facts.pack_g) == ("冰糖橙 5斤装", 2_500)
        assert facts.village_code == batch.lot.village_id
        assert facts.village.endswith("永固村")
        assert facts.lot == batch.lot.number
        assert facts.certificate == batch.certificate.number
        assert facts.harvested_on == batch.lot.harvest_date
        assert (facts.use_by, facts.issued_at) == (None, NOW)

    def test_is_read_in_lower_case_too(self, text: str) -> None:
        assert boxcodes.read(text.lower()) == boxcodes.read(text)

    def test_every_changed_byte_is_refused(self, text: str) -> None:
        """With its control: the text itself holds."""
        data = base64.b32decode(text + "=" * (-len(text) % 8))
        assert mark_of(text) == Mark.HOLDS
        found = set()
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= 1 << place % 8
            found.add(mark_of(base64.b32encode(changed).decode().rstrip("=")))
        assert found == {Mark.UNREADABLE, Mark.FOREIGN, Mark.FALSE}

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text[:-1],
            lambda text: text[: len(text) // 2],
            lambda text: text + "A",
            lambda text: text + "=",
            lambda text: "A" + text[1:],
            lambda text: text.replace("2", "1"),
            lambda text: text * 3,
            lambda text: "冰糖橙",
            lambda text: "",
        ],
    )
    def test_what_is_cut_off_or_added_to_is_refused(
        self, text: str, change: Callable[[str], str]
    ) -> None:
        with pytest.raises(BoxCodeRejected):
            boxcodes.read(change(text))

    def test_spare_bits_at_the_end_spell_nothing_else(self, text: str) -> None:
        assert len(text) * 5 % 8
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
        other = text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]
        with pytest.raises(BoxCodeRejected):
            boxcodes.read(other)

    def test_asks_no_database_for_a_false_one(
        self, text: str, django_assert_num_queries: Any
    ) -> None:
        facts = boxcodes.read(text).facts
        stranger = signing.create_next_key(KeyPurpose.CERTIFICATE)
        foreign = boxcodes.sign(facts, signer=stranger)
        with django_assert_num_queries(0):
            assert mark_of("A" * 300) == Mark.UNREADABLE
            assert mark_of(boxcodes.address(foreign)[-len(text) :]) == Mark.FOREIGN


class TestSize:
    LONGEST = 19  # Chinese signs of a product, beside a village's of 16

    def facts(self, signs: int) -> Facts:
        return Facts(
            code="2" * 20,
            product="橙" * signs,
            pack_g=2_500,
            village_code="430722102201",
            village="湖南省常德市汉寿县聂家桥乡永固村",
            lot="L2026-000123",
            batch="B2026-000123",
            certificate="HS-2026-000123",
            harvested_on=NOW.date(),
            use_by=NOW.date() + timedelta(days=30),
            issued_at=NOW,
        )

    @override_settings(BASE_URL="https://market.example.cn")
    def test_long_names_fit_and_longer_ones_are_refused(self, batch: Any) -> None:
        signer = signing.signer("certificate")
        whole = boxcodes.address(boxcodes.sign(self.facts(8), signer=signer))
        assert self.version(whole) <= 13
        longest = boxcodes.address(
            boxcodes.sign(self.facts(self.LONGEST), signer=signer)
        )
        assert self.version(longest) == 13
        with pytest.raises(BoxCodeTooLong) as refused:
            boxcodes.address(boxcodes.sign(self.facts(30), signer=signer))
        assert 0 < refused.value.signs < 60

    def version(self, text: str) -> int:
        made = QRCode(error_correction=ERROR_CORRECT_M)
        made.add_data(QRData(text, mode=MODE_ALPHA_NUM))
        version: int = made.best_fit()
        assert symbol(text).side == 17 + 4 * version
        return version

    def test_says_how_much_too_long(
        self, certificate: Any, zhao: User, client: Client
    ) -> None:
        batch = new_batch(certificate=certificate, by=zhao, product_name="橙" * 50)
        with (
            translation.override("en"),
            pytest.raises(operations.UnableToIssueBoxes, match="too long for a box"),
        ):
            operations.issue_boxes(batch=batch, by=zhao, at=NOW)
        assert not BoxIssue.objects.exists()


class TestIssue:
    def test_is_one_line_of_the_log_for_all_boxes(self, issue: BoxIssue) -> None:
        before = LogLeaf.objects.count()
        again = operations.issue_boxes(
            batch=issue.batch, by=issue.issued_by, at=NOW + HOUR
        )
        assert (again, LogLeaf.objects.count()) == (issue, before)
        assert issue.leaf.kind == "boxes"
        assert issue.root in issue.leaf.entry

    def test_printing_again_gives_the_same_codes(self, issue: BoxIssue) -> None:
        assert texts_of(issue) == texts_of(BoxIssue.objects.get())

    @pytest.mark.parametrize("end", ["recall", "revoke", "expire"])
    def test_is_refused_for_what_must_not_be_packed(
        self, certificate: Any, zhao: User, end: str
    ) -> None:
        day = NOW.date() - timedelta(days=1) if end == "expire" else None
        batch = new_batch(certificate=certificate, by=zhao, expires_on=day)
        if end == "recall":
            operations.recall_lot(lot=batch.lot, reason="有虫", by=zhao, at=NOW)
        if end == "revoke":
            operations.revoke_certificate(
                certificate=certificate, reason="写错了", by=zhao, at=NOW
            )
        with pytest.raises(operations.UnableToIssueBoxes):
            operations.issue_boxes(batch=batch, by=zhao, at=NOW)

    def test_waits_until_phones_can_know_the_key(
        self, root: OfflineMachine, certificate: Any, zhao: User
    ) -> None:
        batch = new_batch(certificate=certificate, by=zhao)
        with (
            translation.override("en"),
            pytest.raises(operations.UnableToIssueBoxes, match="not published yet"),
        ):
            operations.issue_boxes(batch=batch, by=zhao, at=NOW)
        operations.publish_log(at=NOW)
        operations.issue_boxes(batch=batch, by=zhao, at=NOW)


class TestKeys:
    @pytest.fixture
    def listed(self, root: OfflineMachine, farmer_wang: Farmer, zhao: User) -> Any:
        """A county with a root, and a batch whose boxes are issued and published."""
        operations.publish_log(at=NOW)
        lot = new_lot(farmer=farmer_wang, by=zhao)
        certificate = new_certificate(lot=lot, by=zhao)
        batch = new_batch(certificate=certificate, by=zhao)
        issue = operations.issue_boxes(batch=batch, by=zhao, at=NOW)
        operations.publish_log(at=NOW)
        return issue

    def test_an_old_key_verifies_for_ever(
        self, listed: BoxIssue, root: OfflineMachine, zhao: User
    ) -> None:
        old = texts_of(listed)[0]
        root.list_keys(rotation("box", starts_at=NOW + HOUR))
        operations.publish_log(at=NOW + HOUR)
        later = operations.issue_boxes(batch=listed.batch, by=zhao, at=NOW + 2 * HOUR)
        assert later.key_id != listed.key_id
        assert {mark_of(old), mark_of(texts_of(later)[0])} == {Mark.HOLDS}

    def test_of_a_stolen_key_only_what_was_logged_before_holds(
        self, listed: BoxIssue, root: OfflineMachine, zhao: User, certificate: Any
    ) -> None:
        before = texts_of(listed)[0]
        thief = signing.signer("box", key_for("box"))
        late = new_batch(certificate=certificate, by=zhao)
        after = operations.issue_boxes(batch=late, by=zhao, at=NOW + HOUR)
        written = replace(boxcodes.read(before).facts, product="假橙")
        false = boxcodes.address(boxcodes.sign(written, signer=thief))
        assert mark_of(texts_of(after)[0]) == Mark.HOLDS
        root.list_keys(theft(thief.key_id, since=NOW + timedelta(minutes=30)))
        operations.publish_log(at=NOW + HOUR)
        assert mark_of(before) == Mark.HOLDS
        assert mark_of(texts_of(after)[0]) == Mark.STOLEN
        assert mark_of(false.rpartition("/")[2]) == Mark.CHANGED

    def test_its_labels_are_printed_no_more(
        self,
        listed: BoxIssue,
        root: OfflineMachine,
        zhao: User,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(prints, "FEW", 0)
        made = printed(listed.batch, zhao)
        root.list_keys(theft(listed.key_id, since=NOW - HOUR))
        operations.publish_log(at=NOW + HOUR)
        assert not operations.write_print(print_id=made.pk, clock=lambda: NOW)
        made.job.refresh_from_db()
        assert made.job.state == "stopped"
        assert not made.job.parts.exists()

    def test_a_signature_without_a_line_is_not_believed(
        self, listed: BoxIssue, root: OfflineMachine
    ) -> None:
        """Somebody signs with our key, and the log knows nothing of it."""
        facts = boxcodes.read(texts_of(listed)[0]).facts
        thief = signing.signer("box", key_for("box"))
        for changes in ({"issued_at": NOW + HOUR}, {"batch": "B2026-999999"}):
            made = boxcodes.sign(replace(facts, **changes), signer=thief)
            assert mark_of(boxcodes.address(made).rpartition("/")[2]) == Mark.UNLOGGED

    def test_a_stolen_database_makes_no_box_code(
        self, listed: BoxIssue, root: OfflineMachine, settings: Any, tmp_path: Path
    ) -> None:
        """All rows, writing included, and keys of the thief's own: nobody is fooled."""
        facts = boxcodes.read(texts_of(listed)[0]).facts
        ours = settings.SIGNING_KEY_FILES
        settings.SIGNING_KEY_FILES = {
            it: str(tmp_path / "thief" / f"{it}.pem") for it in ours
        }
        with pytest.raises(signing.MissingKey):
            queries.signed_boxes(listed, [listed.batch.first_number])
        signing.create_key_file("box")
        thief = signing.signer("box")
        with guards_lifted(connection), connection.cursor() as cursor:
            SigningKey.objects.create(
                key_id=thief.key_id,
                purpose="box",
                algorithm="Ed25519",
                public_key=base64.b64encode(thief.public_key).decode(),
                registered_at=NOW,
            )
            cursor.execute(
                "UPDATE traceability_boxissue SET key_id = %s", [thief.key_id]
            )
        forged = boxcodes.sign(facts, signer=thief)
        text = boxcodes.address(forged).rpartition("/")[2]
        assert mark_of(text) == Mark.FOREIGN
        # Without a root, whose list it is not on, the same would be believed.
        settings.ROOT_KEY_FILE = ""
        assert mark_of(text) != Mark.FOREIGN


class TestPage:
    def get(self, client: Client, text: str) -> Any:
        return client.get(f"/V/{text}")

    def test_says_the_facts_and_what_became_of_it(
        self, client: Client, text: str, batch: LabelBatch, zhao: User
    ) -> None:
        operations.pack_label(code=batch.first_code, at=NOW, by=zhao)
        page = self.get(client, text).content.decode()
        for words in ("Signature right", "not that this is the only box", "冰糖橙"):
            assert words in page
        assert "Nobody has checked this code before" in page
        operations.recall_lot(lot=batch.lot, reason="有虫", by=zhao, at=NOW)
        page = self.get(client, text).content.decode()
        assert "Recalled" in page
        assert "Signature right" in page

    def test_shows_no_fact_of_a_false_one(self, client: Client, text: str) -> None:
        facts = replace(boxcodes.read(text).facts, product="假橙")
        stranger = signing.create_next_key(KeyPurpose.CERTIFICATE)
        foreign = boxcodes.address(boxcodes.sign(facts, signer=stranger))
        answer = self.get(client, foreign.rpartition("/")[2])
        assert answer.status_code == 404
        page = answer.content.decode()
        assert "Signed by somebody else" in page
        assert "假橙" not in page

    @pytest.mark.parametrize("text", ["A", "%E5%86%B0", "a" * 700, "-", "A" * 300])
    def test_nonsense_gets_a_page(self, client: Client, text: str) -> None:
        answer = self.get(client, text)
        assert answer.status_code == 404
        assert "Not a box code" in answer.content.decode()

    def test_a_whole_address_in_lower_case_works(
        self, client: Client, text: str
    ) -> None:
        assert client.get(f"/v/{text.lower()}").status_code == 200

    def test_a_database_that_is_away_says_nothing_bad(
        self, client: Client, text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from django.db import DatabaseError

        def away(*_args: Any, **_kwargs: Any) -> None:
            raise DatabaseError("away")

        monkeypatch.setattr("traceability.queries.box_codes._mark_of", away)
        answer = self.get(client, text)
        assert answer.status_code == 503
        page = answer.content.decode()
        assert "Could not check" in page
        assert "冰糖橙" in page


def drawn(issue: BoxIssue, paper: str) -> bytes:
    out = io.BytesIO()
    batch = issue.batch
    numbers = range(batch.first_number, batch.last_number + 1)
    write_boxes(issue, numbers, paper=BOX_PAPERS[paper], out=out)
    return out.getvalue()


def printed(batch: LabelBatch, by: User, **changes: Any) -> LabelPrint:
    """The whole batch as box labels of 100×70 mm."""
    return test_prints.printed(batch, by, **{"paper": "box-100x70"} | changes)


class TestSheet:
    @pytest.mark.parametrize("paper", sorted(BOX_PAPERS))
    @pytest.mark.parametrize("dpi", [150, 203.2, 300])
    def test_every_box_on_it_decodes(
        self, issue: BoxIssue, paper: str, dpi: float
    ) -> None:
        document = pypdfium2.PdfDocument(drawn(issue, paper))
        found = []
        for page in document:
            picture = page.render(scale=dpi / 72).to_pil().convert("L")
            found += [it.text for it in zxingcpp.read_barcodes(picture, formats=QR)]
        wanted = [it.rpartition("/")[2] for it in found]
        assert sorted(wanted) == sorted(texts_of(issue))
        assert all(it.startswith("HTTP") and it.isupper() for it in found)

    def test_a_partly_used_sheet_begins_at_its_first_free_label(
        self, issue: BoxIssue
    ) -> None:
        out, batch = io.BytesIO(), issue.batch
        numbers = range(batch.first_number, batch.first_number + 2)
        write_boxes(issue, numbers, paper=BOX_PAPERS["box-a4"], out=out, skip=7)
        assert len(pypdfium2.PdfDocument(out)) == 2


class TestPrint:
    def test_what_is_voided_or_on_a_package_is_not_printed(
        self, issue: BoxIssue, zhao: User
    ) -> None:
        torn = issue.batch.labels.get(pk=issue.batch.first_number)
        operations.void_label(label=torn, reason="撕坏了", by=zhao, at=NOW)
        operations.pack_label(code=issue.batch.codes()[1], at=NOW, by=zhao)
        (file,) = test_prints.files_of(printed(issue.batch, zhao))
        assert len(pypdfium2.PdfDocument(file)) == 8

    def test_a_box_label_is_a_copy_of_the_small_one(
        self, issue: BoxIssue, zhao: User
    ) -> None:
        """Whoever printed the one says why they print the other."""
        printed(issue.batch, zhao, paper="50x30")
        with pytest.raises(UnableToPrint) as refused:
            printed(issue.batch, zhao)
        assert refused.value.field == "reason"
        assert printed(issue.batch, zhao, reason="改贴箱标").is_box

    def test_comes_in_whole_pages(
        self, issue: BoxIssue, zhao: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(prints, "BOXES_A_FILE", 8)
        made = printed(issue.batch, zhao, paper="box-a4", first_place=3)
        counts = made.job.parts.values_list("label_count", flat=True)
        assert list(counts) == [6, 4]

    def test_needs_signed_codes(self, batch: LabelBatch, zhao: User) -> None:
        with pytest.raises(UnableToPrint) as refused:
            printed(batch, zhao)
        assert refused.value.field == "paper"

    def test_a_name_that_was_cut_says_so(self, certificate: Any, zhao: User) -> None:
        name = "五香真空装手工萝卜干送礼大箱装"
        batch = new_batch(certificate=certificate, by=zhao, product_name=name)
        issue = operations.issue_boxes(batch=batch, by=zhao, at=NOW)
        document = pypdfium2.PdfDocument(drawn(issue, "box-100x70"))
        assert "…" in document[0].get_textpage().get_text_range()

    def test_the_assistant_signs_and_prints(
        self, batch: LabelBatch, zhao: User, client: Client
    ) -> None:
        client.force_login(zhao)
        where = [batch.lot.number, batch.number]
        page = reverse("traceability:boxes", args=where)
        prints = reverse("traceability:labels_print", args=where)
        assert "box-100x70" not in client.get(prints).content.decode()
        assert "Sign the box codes" in client.get(page).content.decode()
        assert not BoxIssue.objects.exists()
        assert client.post(page).status_code == 302
        onward = f"{prints}?paper=box-100x70"
        assert onward in client.get(page).content.decode()
        form = client.get(onward).context["form"]
        assert form.initial["paper"] == "box-100x70"
        sent = {name: form.initial[name] for name in form.fields}
        answer = client.post(onward, sent, follow=True)
        assert "Box label 100×70 mm" in answer.content.decode()
        made = LabelPrint.objects.get()
        assert (made.is_box, made.job.state) == (True, "done")

    def test_without_its_key_here_none_is_offered(
        self, issue: BoxIssue, settings: Any
    ) -> None:
        settings.SIGNING_KEY_FILES = dict.fromkeys(settings.SIGNING_KEY_FILES, "")
        assert queries.box_issue_that_holds(issue.batch) is None


def test_a_box_s_label_is_the_one_online(text: str, batch: LabelBatch) -> None:
    found = queries.judge_box(text=text, device=None, now=datetime.now(NOW.tzinfo))
    assert found.label is not None
    assert (found.label.code, found.label.state) == (batch.first_code, State.INACTIVE)
