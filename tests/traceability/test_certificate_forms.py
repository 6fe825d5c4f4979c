"""Whose certificate it is, and what each form must say."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.people import new_uscc
from tests.factories.traceability import NOW, new_certificate, new_lot
from tests.traceability.test_lot_pages import logged_in, words_of
from traceability import operations, queries, regulation
from traceability.models import Certificate, CollectedCertificate, Lot
from traceability.operations import Portion, UnableToCertify, UnableToCollect
from traceability.printing import certificate_pdf

pytestmark = pytest.mark.django_db
BOUGHT = {"form": "buyer", "basis": ["collected_certificates"]}


def collect(lot: Lot, by: User, **changes: Any) -> CollectedCertificate:
    facts: dict[str, Any] = {
        "form": "household",
        "number": "示例-1",
        "product": "冰糖橙",
        "quantity_g": 20_000,
        "origin": "永固村",
        "promisor": "王示例",
        "contact": "10000000009",
        "issued_on": date(2026, 11, 18),
        "by": by,
        "at": NOW,
    }
    return operations.collect_certificate(**facts | changes, lot=lot)


@pytest.fixture
def merged(farmer_wang: Farmer, zhao: User) -> Lot:
    """Of two growers' lots, one of which has a certificate."""
    lots = [new_lot(farmer=farmer_wang, by=zhao) for _ in range(2)]
    new_certificate(lot=lots[0], by=zhao, quantity_g=100_000)
    return operations.merge_lots(
        portions=[Portion(one, 20_000) for one in lots],
        product_name="冰糖橙",
        by=zhao,
        at=NOW,
    )


class TestForms:
    def test_there_is_one_for_every_kind_of_promisor(self) -> None:
        assert set(regulation.FORMS) == set(Certificate.Form.values)
        for form in regulation.FORMS.values():
            assert set(form.promises) <= set(regulation.PROMISES)
            assert set(form.bases) <= set(regulation.BASES)

    @pytest.mark.parametrize("form", ["enterprise", "cooperative"])
    def test_an_organisation_signs_with_its_code(
        self, lot: Lot, zhao: User, form: str
    ) -> None:
        code = new_uscc()
        changed = code[:-1] + ("0" if code[-1] != "0" else "1")
        for wrong, why in (("", "18"), (code[:-1], "打错"), (changed, "打错")):
            with pytest.raises(UnableToCertify, match=why):
                new_certificate(lot=lot, by=zhao, form=form, uscc=wrong)
        made = new_certificate(lot=lot, by=zhao, form=form, uscc=f" {code.lower()} ")
        assert json.loads(made.document)["uscc"] == code
        assert queries.certificate_as_signed(made)

    def test_a_household_has_no_code(self, lot: Lot, zhao: User) -> None:
        made = new_certificate(lot=lot, by=zhao, uscc=new_uscc())
        assert json.loads(made.document)["uscc"] == ""

    def test_a_grower_does_not_promise_what_a_buyer_does(
        self, lot: Lot, zhao: User
    ) -> None:
        with pytest.raises(UnableToCertify):
            new_certificate(lot=lot, by=zhao, basis=["collected_certificates"])
        told = json.loads(new_certificate(lot=lot, by=zhao).document)
        assert "certificates_collected" not in told["promises"]
        assert told["collected"] == []


class TestBuyer:
    def test_needs_a_certificate_for_all_that_went_in(
        self, merged: Lot, zhao: User
    ) -> None:
        with pytest.raises(UnableToCertify) as refusal:
            new_certificate(lot=merged, by=zhao, **BOUGHT)
        first, second = (link.parent for link in merged.parents.order_by("parent_id"))
        assert second.number in str(refusal.value)
        assert first.number not in str(refusal.value)
        collect(second, zhao)
        made = new_certificate(lot=merged, by=zhao, **BOUGHT)
        told = json.loads(made.document)
        assert told["collected"] == [first.certificates.get().number, "示例-1"]
        assert told["promises"] == list(regulation.FORMS["buyer"].promises)
        assert queries.certificate_as_signed(made)
        assert certificate_pdf(made, disclose=True).startswith(b"%PDF")

    def test_a_revoked_certificate_covers_nothing(
        self, merged: Lot, zhao: User
    ) -> None:
        first = merged.parents.order_by("parent_id")[0].parent
        operations.revoke_certificate(
            certificate=first.certificates.get(), reason="示例", by=zhao, at=NOW
        )
        assert first in queries.without_certificates(merged)

    def test_promises_on_what_was_collected(self, merged: Lot, zhao: User) -> None:
        collect(merged, zhao)
        with pytest.raises(UnableToCertify):
            new_certificate(
                lot=merged, by=zhao, form="buyer", basis=["quality_control"]
            )

    def test_on_its_page_is_chosen_and_told(self, merged: Lot, zhao: User) -> None:
        browser, home = logged_in(zhao), f"/assistant/lots/{merged.number}/"
        facts = {
            "form": "household",
            "number": "示例-9",
            "product": "冰糖橙",
            "quantity_g": "40",
            "origin": "永固村",
            "promisor": "王示例",
            "contact": "示例",
            "issued_on": "2026-11-18",
        }
        browser.post(f"{home}collected/", facts)
        assert "示例-9" in words_of(browser.get(home))
        code = new_uscc()
        browser.post(
            f"{home}certificate/",
            {
                "form": "buyer",
                "quantity_g": "40",
                "basis": "collected_certificates",
                "promisor": "示例公司",
                "contact": "示例",
                "uscc": code,
            },
        )
        made = Certificate.objects.get(lot=merged)
        told = words_of(browser.get(f"/certificates/{made.number}/"))
        assert code in told
        assert "示例-9" in told
        assert "keeps the growers' certificates" in told.replace("&#x27;", "'")


class TestCollect:
    @pytest.mark.parametrize(
        "changes",
        [
            {"quantity_g": 0},
            {"quantity_g": -5},
            {"quantity_g": 10**18},
            {"number": " "},
            {"contact": ""},
            {"form": "示例"},
            {"issued_on": NOW.date() + timedelta(days=1)},
            {"issued_on": date(206, 1, 1)},
        ],
    )
    def test_refuses_what_cannot_be(
        self, lot: Lot, zhao: User, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(UnableToCollect):
            collect(lot, zhao, **changes)
        assert not CollectedCertificate.objects.exists()

    def test_keeps_each_once_and_for_good(self, lot: Lot, zhao: User) -> None:
        kept = collect(lot, zhao)
        with pytest.raises(UnableToCollect):
            collect(lot, zhao)
        for act in (
            CollectedCertificate.objects.all().delete,
            lambda: CollectedCertificate.objects.update(number="2"),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                act()
        assert CollectedCertificate.objects.get() == kept
