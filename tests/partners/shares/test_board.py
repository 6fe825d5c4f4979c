"""The public board: the figures, their proofs, and nobody's secrets."""

import logging
import re
from html import unescape

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from partners import exports, links, queries
from partners.models import Disbursement
from partners.operations import (
    UnableToConfirm,
    approve_statement,
    confirm_receipt,
    file_statement,
    pay_in,
    publish_photo,
)
from partners.views import board
from tests.factories.shares import (
    AFTER_OCTOBER,
    NOON,
    OCTOBER,
    hand_out,
    new_household,
)
from tests.factories.sheets import LINES, as_csv, sale

pytestmark = pytest.mark.django_db
MONTH = ["2026", "10"]
PERIOD_PAGE = "/board/2026-10/"


@pytest.fixture
def confirmed(disbursement, household_zhang) -> Disbursement:
    confirm_receipt(
        disbursement=disbursement, token=links.link_token(household_zhang), at=NOON
    )
    return disbursement


@pytest.fixture
def correction(paid_in, filed, manager, operator, supermarket) -> None:
    """A second accrual of the month, for the same households."""
    corrected = file_statement(
        supermarket=supermarket,
        period=OCTOBER,
        file=ContentFile(as_csv((*LINES, sale(sales="100", cost="0"))), "更正.csv"),
        by=manager,
        at=AFTER_OCTOBER,
    )
    approve_statement(statement=corrected, by=operator, at=AFTER_OCTOBER)


class TestFlow:
    def test_is_promised_as_soon_as_it_is_filed(self, filed):
        assert queries.month_flow(OCTOBER).stages == (2_501, 0, 0, 0, 0)

    def test_each_step_moves_it(self, accrual, supermarket, operator, household_zhang):
        assert queries.month_flow(OCTOBER).stages == (2_501, 2_501, 0, 0, 0)
        pay_in(
            supermarket=supermarket,
            amount_fen=1_000,
            reference="B",
            by=operator,
            at=AFTER_OCTOBER,
        )
        assert queries.month_flow(OCTOBER).stages == (2_501, 2_501, 1_000, 0, 0)
        made = hand_out(household_zhang, 500, by=operator)
        assert queries.month_flow(OCTOBER).stages == (2_501, 2_501, 1_000, 500, 0)
        confirm_receipt(
            disbursement=made, token=links.link_token(household_zhang), at=NOON
        )
        assert queries.month_flow(OCTOBER).stages == (2_501, 2_501, 1_000, 500, 500)

    def test_parts_sum_to_the_whole(self, confirmed):
        month = queries.month(OCTOBER)
        by_shop = [row.flow.stages for row in month.supermarkets]
        by_town = [row.flow.stages[1:] for row in month.townships]
        assert tuple(map(sum, zip(*by_shop, strict=True))) == month.flow.stages
        assert tuple(map(sum, zip(*by_town, strict=True))) == month.flow.stages[1:]
        rows = queries.household_rows(queries.lines_of(OCTOBER))
        assert sum(row.flow.confirmed_fen for row in rows) == 1_667
        assert (month.households, month.confirmed_households) == (2, 1)


class TestPages:
    def test_shows_the_month_with_masked_names(self, client, confirmed, accrual):
        text = client.get(reverse("partners:board")).content.decode()
        assert "张**" in text
        assert "¥25.01" in text
        assert f"/board/entries/{accrual.entry}/" in text
        assert reverse("partners:receipt", args=[confirmed.number]) in text

    def test_a_correction_is_reckoned_from_profit_to_what_was_added(
        self, client, correction, supermarket
    ):
        address = reverse("partners:board_supermarket", args=[*MONTH, supermarket.pk])
        text = client.get(address).content.decode()
        reckoned = text[text.index('class="reckoning"') :].split("</dl>")[0]
        for figure in ("¥30.01", "−¥25.01", ">¥5.00</a>"):
            assert figure in reckoned

    def test_a_correction_downwards_is_explained(
        self, client, accrual, filed, manager, operator, supermarket
    ):
        address = reverse("partners:board_supermarket", args=[*MONTH, supermarket.pk])
        assert "¥13.03" not in client.get(address).content.decode()
        corrected = file_statement(
            supermarket=supermarket,
            period=OCTOBER,
            file=ContentFile(as_csv(LINES[:2]), "更正.csv"),
            by=manager,
            at=AFTER_OCTOBER,
        )
        assert "比之前少 ¥13.03" in client.get(address).content.decode()
        approve_statement(statement=corrected, by=operator, at=AFTER_OCTOBER)
        text = client.get(address).content.decode()
        assert "比之前少 ¥13.03" in text
        assert "以这次为准" in text

    def test_lists_each_household_once_with_its_parts_together(
        self, client, correction, accrual
    ):
        page = client.get(PERIOD_PAGE)
        shares = page.context["households"]
        lines = list(queries.lines_of(OCTOBER))
        assert len(lines) > len({line.household_id for line in lines})
        assert len(shares) == len({line.household_id for line in lines})
        assert sum(share.flow.accrued_fen for share in shares) == sum(
            line.amount_fen for line in lines
        )
        assert sum(len(share.parts) for share in shares) == len(lines)
        text = page.content.decode()
        assert text.count('<summary class="share-line">') == len(shares)

    def test_pages_of_households_hold_each_once(self, client, correction, monkeypatch):
        monkeypatch.setattr(board, "_ROWS", 1)
        seen, url = [], PERIOD_PAGE
        while url:
            page = client.get(url)
            seen += [share.parts[0].line for share in page.context["households"]]
            more = page.context["next_url"]
            url = f"{PERIOD_PAGE}{more.split('#')[0]}" if more else ""
        everybody = queries.lines_of(OCTOBER).values("household").distinct().count()
        assert len(seen) == len(set(seen)) == everybody > 1

    def test_months_say_how_much_of_them_is_confirmed(self, client, confirmed):
        (one,) = client.get(PERIOD_PAGE).context["months"]
        flow = queries.month_flow(OCTOBER)
        assert (one.accrued_fen, one.confirmed_fen) == (
            flow.accrued_fen,
            flow.confirmed_fen,
        )
        assert 0 < one.percent < 100

    def test_an_empty_county_says_so(self, client):
        assert client.get(reverse("partners:board")).status_code == 200

    @pytest.mark.parametrize("month", [("2031", "1"), ("2026", "13"), ("2026", "0")])
    def test_a_month_without_statements_is_not_there(self, month, client, filed):
        address = reverse("partners:board_month", args=month)
        assert client.get(address).status_code == 404

    def test_sets_no_cookie_and_writes_nothing(self, client, confirmed):
        for name, args in (
            ("board", []),
            ("board_month", MONTH),
            ("export", MONTH),
            ("receipt", [confirmed.number]),
        ):
            answer = client.get(reverse(f"partners:{name}", args=args))
            assert not answer.cookies, name

    def test_asks_as_often_for_many_households_as_for_few(
        self, client, confirmed, supermarket, django_assert_max_num_queries
    ):
        for name, args in (
            ("board", []),
            ("board_supermarket", [*MONTH, supermarket.pk]),
            ("receipt", [confirmed.number]),
        ):
            with django_assert_max_num_queries(19):
                client.get(reverse(f"partners:{name}", args=args))

    def test_a_private_photo_is_not_there(self, client, disbursement, operator):
        picture = disbursement.photos.get()
        address = reverse("partners:photo", args=[picture.pk, "medium"])
        assert client.get(address).status_code == 404
        publish_photo(photo=picture, by=operator, at=NOON)
        assert client.get(address)["Content-Type"] == "image/webp"
        wrong = reverse("partners:photo", args=[picture.pk, "name"])
        assert client.get(wrong).status_code == 404

    def test_the_export_holds_the_same_masked_rows(self, client, confirmed):
        text = client.get(reverse("partners:export", args=MONTH)).content.decode()
        assert text.startswith("\ufeff")
        assert "张**" in text
        assert "16.67" in text


class TestEnglish:
    """Who cannot read Chinese can say the places and the supermarkets."""

    def page(self, client, name, *args, language="en"):
        # In Chinese first: what is kept for one language is not for the other.
        address = reverse(name, args=args)
        chinese = client.get(address, headers={"accept-language": "zh-hans"})
        assert "Yonggu" not in chinese.content.decode()
        return client.get(address, headers={"accept-language": language})

    def test_places_and_supermarkets_are_spelled(
        self, client, confirmed, accrual, supermarket, household_zhang
    ):
        township = household_zhang.village.parent_id
        village, shop = "Yonggu village 永固村", "Yonggu supermarket 永固爱心超市"
        for name, args, wanted in (
            ("partners:board_month", MONTH, (village, shop, "town 崔家桥镇")),
            ("partners:board_township", [*MONTH, township], (village, shop)),
            ("partners:board_supermarket", [*MONTH, supermarket.pk], (village, shop)),
            ("partners:receipt", [confirmed.number], (village, shop)),
            ("ledger:entry", [accrual.entry], (f"张** · {village}", shop)),
        ):
            text = self.page(client, name, *args).content.decode()
            for words in wanted:
                assert words in text, (name, words)

    def test_the_table_is_english_too(self, client, confirmed):
        answer = self.page(client, "partners:export", *MONTH)
        assert "Help%20for%20households%202026-10.csv" in answer["Content-Disposition"]
        head, first, *_more = answer.content.decode().splitlines()
        assert head.startswith("\ufeffMonth,Name,Village,Township,Supermarket,")
        assert "Yonggu village 永固村" in first


class TestExports:
    @pytest.mark.parametrize(
        "text",
        [
            *("=1+1", "+86", "-cmd", "@SUM(A1)", "|calc", "%0a"),
            *(
                "＝1+1",
                "＋86",
                "－cmd",
                "＠SUM(A1)",
                "｜calc",
                "％0a",
                "﹦1",
                "﹢1",
                "﹣1",
            ),
            *("\t=1", "\r=1", "\n=1", "\tx", "\rx", "\nx"),
            *(" =1", "\u3000＝1", "\u200b=1", "\ufeff\u202e＝1", "\xa0\v@x", "⁺1"),
        ],
    )
    def test_no_cell_is_a_formula(self, text):
        assert exports.safe_cell(text).startswith("'")

    def test_numbers_stay_numbers(self):
        assert exports.safe_cell(-5) == "-5"

    @pytest.mark.parametrize("text", ["张**", "", " ", "永固＋爱心", "a=b", " 冰糖橙"])
    def test_words_stay_words(self, text):
        assert exports.safe_cell(text) == text

    def test_a_supermarket_with_a_dangerous_name_stays_a_name(
        self, client, accrual, supermarket
    ):
        supermarket.name = "=HYPERLINK(1)"
        supermarket.save()
        text = client.get(reverse("partners:export", args=MONTH)).content.decode()
        assert ",=HYPERLINK" not in text
        assert "'=HYPERLINK(1)" in text


def crawl(client, *starts: str) -> dict[str, str]:
    """Every page under /board/ and /household/ that links lead to, by address."""
    seen: dict[str, str] = {}
    waiting = list(starts)
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        answer = client.get(address)
        body = b"".join(answer) if answer.streaming else answer.content
        seen[address] = body.decode("utf-8", errors="replace")
        for link in re.findall(r'(?:href|src|action)="([^"#]+)', seen[address]):
            link = unescape(link)
            link = address.split("?")[0] + link if link.startswith("?") else link
            if link.startswith(("/board/", "/household/")):
                waiting.append(link)
    return seen


def secrets_of(*households) -> list[str]:
    return [
        secret
        for h in households
        for secret in (h.name, h.id_number, h.bank_card, h.contact_phone, h.card_holder)
    ]


class TestNoSecrets:
    @pytest.fixture
    def everything(self, confirmed, operator, household_li, other_supermarket):
        publish_photo(photo=confirmed.photos.get(), by=operator, at=NOON)
        hand_out(household_li, 100, by=operator)
        return confirmed

    def test_on_no_page_in_no_address_and_in_no_log(
        self, client, everything, household_zhang, household_li, caplog
    ):
        caplog.set_level(logging.DEBUG)
        token = links.link_token(household_zhang)
        seen = crawl(
            client,
            "/board/",
            f"/household/{token}/",
            f"/household/{token[:-2]}xx/",
            "/board/receipts/NOTHERE123/",
            "/board/2026-10/?after=%27",
        )
        assert len(seen) > 12
        everywhere = "\n".join([*seen, *seen.values(), caplog.text])
        for secret in secrets_of(household_zhang, household_li):
            assert secret not in everywhere

    def test_the_crawl_would_notice(
        self, client, everything, household_zhang, monkeypatch
    ):
        """The negative control: with the mask off, the same crawl finds the name."""
        monkeypatch.setattr("partners.models.people.mask_name", lambda name: name)
        seen = crawl(client, "/board/")
        assert household_zhang.name in "\n".join(seen.values())

    def test_errors_name_nobody(self, disbursement, household_li, household_zhang):
        with pytest.raises(UnableToConfirm) as refusal:
            confirm_receipt(
                disbursement=disbursement,
                token=links.link_token(household_li),
                at=NOON,
            )
        for secret in secrets_of(household_zhang, household_li):
            assert secret not in f"{refusal.value!r}"


class TestHouseholdPage:
    def page(self, client, household):
        return client.get(
            reverse("partners:household", args=[links.link_token(household)])
        )

    def test_two_large_buttons(self, client, disbursement, household_zhang):
        page = self.page(client, household_zhang)
        text = page.content.decode()
        assert 'data-type="large"' in text
        assert 'value="received"' in text
        assert 'value="not_received"' in text
        assert "noindex" in page["X-Robots-Tag"]
        assert "no-store" in page["Cache-Control"]

    def test_looking_confirms_nothing(self, client, disbursement, household_zhang):
        self.page(client, household_zhang)
        client.head(
            reverse("partners:household", args=[links.link_token(household_zhang)])
        )
        assert not disbursement.confirmations.exists()

    @pytest.mark.parametrize("answer", ["received", "not_received"])
    def test_an_answer_is_taken_once(
        self, answer, client, disbursement, household_zhang
    ):
        token = links.link_token(household_zhang)
        address = reverse("partners:answer", args=[token, disbursement.number])
        assert client.get(address).status_code == 405
        for _time in range(2):
            assert client.post(address, {"answer": answer}).status_code == 302
        assert disbursement.confirmations.get().answer == answer

    def test_a_dispute_after_the_confirmation_is_explained(
        self, client, confirmed, household_zhang
    ):
        token = links.link_token(household_zhang)
        address = reverse("partners:answer", args=[token, confirmed.number])
        assert client.post(address, {"answer": "not_received"}).status_code == 409

    def test_anothers_disbursement_is_not_there(
        self, client, disbursement, household_li
    ):
        token = links.link_token(household_li)
        address = reverse("partners:answer", args=[token, disbursement.number])
        assert client.post(address, {"answer": "received"}).status_code == 404
        assert not disbursement.confirmations.exists()

    def test_a_post_from_elsewhere_is_refused(self, disbursement, household_zhang):
        from django.test import Client

        token = links.link_token(household_zhang)
        address = reverse("partners:answer", args=[token, disbursement.number])
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(address, {"answer": "received"}).status_code == 403

    def test_a_contact_who_logs_in_comes_to_it(self, client, stranger, village_luxi):
        client.force_login(stranger)
        assert client.get(reverse("partners:own_household")).status_code == 403
        household = new_household(village=village_luxi, name="周示例", contact=stranger)
        page = client.get(reverse("partners:own_household"))
        assert links.link_token(household) in page.url
