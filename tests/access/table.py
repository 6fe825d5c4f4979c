"""The table of who may see and do what. A new address needs a line here.

`reads`: the roles that a GET lets in; `writes`: those whose POST changes something.
None: there is no such door, for nobody (405). Everybody else is sent to the login
(anonymous) or refused with 403 or 404, and changes nothing.
"""

from base64 import b32decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone
from django_otp.oath import totp

from tests.access.world import ANONYMOUS, World
from tests.factories.people import PASSWORD, new_uscc
from tests.factories.shares import new_bank_card, new_id_number, photo
from traceability.codes import number_of
from traceability.scratch import scratch_code_of

PEOPLE = frozenset(
    {
        "stranger",
        "buyer",
        "contact",
        "other_contact",
        "manager",
        "other_manager",
        "operator",
        "auditor",
        "inspector",
        "former_operator",
        "assistant",
        "other_assistant",
        "former_assistant",
        "farmer",
        "other_farmer",
    }
)
EVERYBODY = PEOPLE | {ANONYMOUS}
PASTED = "李示例 10012345678 湖南省长沙市岳麓区示例路1号"
NOBODY: frozenset[str] = frozenset()
ASSISTANT = frozenset({"assistant"})
ASSISTANTS = frozenset({"assistant", "other_assistant"})
OPERATOR = frozenset({"operator"})
AUDITOR = frozenset({"auditor"})
STAFF = OPERATOR | AUDITOR
INSPECTOR = frozenset({"inspector"})
# Who looks at all of traceability.
READERS = STAFF | INSPECTOR
MANAGER = frozenset({"manager"})
MANAGERS = frozenset({"manager", "other_manager"})
KEEPERS = ASSISTANT | OPERATOR

Facts = Callable[[World], Mapping[str, Any]]
Args = Callable[[World], list[Any]]


@dataclass(frozen=True)
class Door:
    """An address, who gets through it, and a POST that would do something.

    `case` tells two lines of one address apart. `first` is done by the same browser
    before, in the same rolled-back transaction. `moves` says that a POST which got
    through writes something; False where what it does leaves no row.
    """

    name: str
    reads: frozenset[str] | None = EVERYBODY
    writes: frozenset[str] | None = None
    args: Args = lambda world: []
    post: Facts = lambda world: {}
    query: str = ""
    case: str = ""
    moves: bool = True
    # Who is let in and told that there is nothing for them.
    answers: frozenset[int] = frozenset({200, 301, 302})
    cookies: Facts = lambda world: {}
    session: Facts = lambda world: {}


def thing(*names: str) -> Args:
    """The addresses' arguments: things of the world, each "thing.attribute"."""

    def args(world: World) -> list[Any]:
        found = []
        for name in names:
            value: Any = world
            for part in name.split("."):
                value = getattr(value, part)
            found.append(value)
        return found

    return args


def always(*values: Any) -> Args:
    return lambda world: list(values)


def facts(**values: Any) -> Facts:
    """Fields of a form; what can be called is asked for its value in this world."""
    return lambda world: {
        name: value(world) if callable(value) else value
        for name, value in values.items()
    }


def _basket(world: World) -> dict[str, str]:
    from shop.ordering import baskets

    return {baskets.COOKIE: baskets._signer.sign(str(world.basket.pk))}


NEW_SECRET = "A" * 32


def _halfway(world: World, role: str) -> dict[str, Any]:
    """A session of somebody past the first step of logging in."""
    from shop.users import entering, second_step

    user = world.people[role]
    now, sealed = int(timezone.now().timestamp()), user.get_session_auth_hash()
    return {
        entering.HALFWAY: [user.pk, "code", now, sealed],
        second_step.UNPROVEN: NEW_SECRET,
    }


def _shown(secret: str) -> str:
    """What an app with this secret shows now."""
    return f"{totp(b32decode(secret)):06d}"


def _ticket(world: World, way: str) -> dict[str, int]:
    from shop.users.models import LoginTicket
    from tests.access.world import DAY, NOW

    ticket = LoginTicket.objects.create(
        way=way,
        phone=world.people["buyer"].phone,
        nonce="0" * 32,
        started_at=NOW,
        expires_at=NOW + DAY,
    )
    return {"login_ticket": ticket.pk}


def _card(world: World) -> Any:
    from shop.storefront.models import ProductCard

    return ProductCard.objects.get(pk=world.listing.product_id)


def _upload() -> ContentFile:
    return ContentFile(b"x", "x.csv")


BOOK = "村,农户,地块,作物,面积\n永固村,王婶,后坡,柑橘,2\n"


def _freight(name: str) -> Facts:
    row = {"first": "3", "first_yuan": "7", "more": "1", "more_yuan": "2"}
    return facts(
        name=name,
        basis="weight",
        **{"rows-TOTAL_FORMS": "1", "rows-INITIAL_FORMS": "0"},
        **{f"rows-0-{field}": value for field, value in row.items()},
    )


MARKET = [
    Door("storefront:home"),
    Door("storefront:category", args=lambda w: [_card(w).category_code]),
    Door("storefront:product", args=lambda w: [_card(w).slug, w.listing.product_id]),
    Door("storefront:villages"),
    Door("storefront:village", args=thing("yonggu.pk")),
    Door("storefront:farmer", args=thing("farmer.pk")),
    Door("storefront:calendar"),
    Door("storefront:reading", reads=None, writes=EVERYBODY, moves=False),
    Door("discovery:search", query="?q=冰糖橙"),
    Door("ordering:basket", writes=EVERYBODY, cookies=_basket,
         post=facts(line=lambda w: w.basket.lines.get().pk, quantity=3)),
    Door("ordering:badge"),
    Door("ordering:basket_add", writes=EVERYBODY, args=thing("listing.product_id"),
         post=facts(quantity=1)),
    Door("ordering:paste", writes=EVERYBODY, cookies=_basket,
         post=facts(pasted=PASTED)),
    Door("ordering:checkout", writes=EVERYBODY, cookies=_basket,
         post=facts(step="keep", name="李示例")),
    Door("ordering:order", writes=EVERYBODY,
         args=thing("sub_order.order.number", "sub_order.order.purchase.token"),
         post=facts(action="received"), moves=False),
    Door("ordering:order", reads=NOBODY, writes=NOBODY, case="guessed",
         args=lambda w: [w.order.number, "x" * 43], post=facts(action="received")),
    Door("ordering:order", reads=NOBODY, writes=NOBODY, case="another order's token",
         args=lambda w: [w.sub_order.order.number, w.purchase.token],
         post=facts(action="received")),
    Door("ordering:cancel", writes=EVERYBODY,
         args=thing("order.number", "purchase.token")),
    Door("ordering:cancel", writes=EVERYBODY, case="paid",
         args=thing("sub_order.order.number", "sub_order.order.purchase.token"),
         post=facts(part=lambda w: w.sub_order.number)),
    Door("ordering:cancel", reads=NOBODY, writes=NOBODY, case="guessed",
         args=lambda w: [w.order.number, "x" * 43]),
    Door("ordering:again", reads=None, writes=EVERYBODY,
         args=thing("order.number", "purchase.token")),
    Door("ordering:again", reads=None, writes=NOBODY, case="guessed",
         args=lambda w: [w.order.number, "x" * 43]),
    Door("ordering:take_back", reads=None, writes=EVERYBODY, moves=False,
         args=thing("sub_order.order.number", "sub_order.order.purchase.token"),
         post=facts(fen="100")),
    Door("ordering:take_back", reads=None, writes=NOBODY, case="guessed",
         args=lambda w: [w.order.number, "x" * 43], post=facts(fen="100")),
    Door("alipay:pay", args=thing("order.number", "purchase.token")),
    Door("alipay:pay", reads=NOBODY, case="guessed",
         args=lambda w: [w.order.number, "x"]),
    Door("alipay:status", args=thing("order.number", "purchase.token")),
    Door("alipay:status", reads=NOBODY, case="guessed",
         args=lambda w: [w.order.number, "x"]),
    Door("alipay:news", args=thing("order.number", "purchase.token")),
    Door("alipay:news", reads=NOBODY, case="guessed",
         args=lambda w: [w.order.number, "x"]),
    Door("alipay:notify", reads=None, writes=NOBODY, post=facts(out_trade_no="x")),
    Door("alipay:return", answers=frozenset({400})),
    Door("carriers:push", reads=None, writes=NOBODY, args=always("kuaidi100"),
         post=facts(param="{}", sign="0")),
    Door("logistics:read_address", reads=None, writes=EVERYBODY, moves=False,
         post=facts(text=PASTED)),
    Door("logistics:places", args=always("430000000000"), query="?level=city"),
    Door("media/<path:path>", args=thing("evidence.file.name")),
    Door("media/<path:path>", reads=NOBODY, args=always("../keys/secret_key"),
         case="out of its folder"),
]  # fmt: skip

SCANS = [
    Door("traceability:ask"),
    Door("traceability:scan", args=thing("code")),
    Door("traceability:scan", args=always("0" * 20), case="forged",
         answers=frozenset({404})),
    Door("traceability:seen", reads=None, writes=EVERYBODY, args=thing("code"),
         post=facts(device="d" * 20)),
    Door("traceability:scratch", reads=None, writes=EVERYBODY, args=thing("code"),
         post=facts(hidden=lambda w: scratch_code_of(number_of(w.code) or 0))),
    Door("traceability:report", reads=None, writes=EVERYBODY, args=thing("code"),
         post=facts(message="示例")),
    Door("traceability:reports", reads=READERS),
    Door("traceability:fake_report", reads=READERS, writes=OPERATOR,
         args=thing("reported.pk"), post=facts(finding="fake", note="示例")),
    Door("traceability:place", reads=None, writes=EVERYBODY, args=thing("code"),
         post=facts(latitude=282, longitude=1129, device="t" * 20)),
    Door("traceability:clone_alarms", reads=READERS),
    Door("traceability:clone_alarm", reads=READERS, writes=OPERATOR,
         args=thing("clone.pk"), post=facts(finding="harmless", note="示例")),
    Door("traceability:prints", reads=READERS),
    Door("traceability:yield_limits", reads=READERS, writes=OPERATOR,
         post=facts(crop="柑橘", kilograms="3000", valid_from="2026-01-01",
                    source="示例")),
    Door("traceability:licences", reads=READERS, writes=OPERATOR,
         post=facts(mark="organic", number="2", holder="示例", crop="柑橘",
                    quantity_g="100", valid_from="2026-01-01", valid_to="2027-01-01",
                    area=lambda w: w.yonggu.pk)),
    Door("traceability:licence_end", reads=OPERATOR, writes=OPERATOR,
         args=thing("licence.pk"), post=facts(reason="示例")),
    Door("traceability:log_alarms", reads=READERS),
    Door("traceability:log_alarm", reads=READERS, writes=OPERATOR,
         args=thing("alarm.pk"), post=facts(note="示例")),
    Door("traceability:offline"),
    Door("traceability:offline_worker"),
    Door("traceability:offline_manifest"),
    Door("traceability:box_bare"),
    Door("traceability:box_code", args=thing("box_text")),
    Door("traceability:box_code", args=always("A" * 300), case="forged",
         answers=frozenset({404})),
    Door("traceability:box_code_small", args=always("a" * 300),
         answers=frozenset({404})),
    Door("traceability:certificate", args=thing("certificate.number")),
    Door("traceability:certificate_pdf", args=thing("certificate.number")),
    Door("traceability:document", args=thing("certificate.number")),
    Door("traceability:proof", args=thing("certificate.number")),
    Door("traceability:proof_json", args=thing("certificate.number")),
    Door("traceability:credential", args=thing("certificate.number")),
    Door("traceability:did"),
    Door("traceability:log"),
    Door("traceability:log_file", args=always("checkpoint")),
    Door("traceability:log_file", reads=NOBODY, args=always(".lock"),
         case="not published"),
    Door("traceability:verifier"),
]  # fmt: skip

BOARD = [
    Door("partners:board"),
    Door("partners:board_month", args=always(2026, 10)),
    Door("partners:export", args=always(2026, 10)),
    Door("partners:board_township",
         args=lambda w: [2026, 10, w.yonggu.parent_id]),
    Door("partners:board_supermarket", args=lambda w: [2026, 10, w.supermarket.pk]),
    Door("partners:receipt", args=thing("disbursement.number")),
    Door("partners:photo", args=lambda w: [w.shown.pk, "small"]),
    Door("partners:photo", reads=NOBODY, args=lambda w: [w.hidden.pk, "small"],
         case="not published"),
    Door("ledger:entry", args=thing("entry.pk")),
]  # fmt: skip

LINKS = [
    Door("listings:confirm", writes=EVERYBODY, args=thing("asked.token"),
         post=facts(answer="yes")),
    Door("listings:confirm", reads=NOBODY, writes=NOBODY, args=always("x" * 32),
         post=facts(answer="yes"), case="guessed"),
    Door("settlement:owed", args=thing("farmer_token")),
    Door("settlement:owed", reads=NOBODY, args=lambda w: [f"{w.farmer.pk}.x"],
         case="guessed"),
    Door("settlement:my_owed", reads=frozenset({"farmer", "other_farmer"})),
    Door("partners:own_household", reads=frozenset({"contact", "other_contact"})),
    Door("partners:household", args=thing("household_token")),
    Door("partners:household", reads=NOBODY, case="guessed",
         args=lambda w: [f"{w.household.number}-1.x"]),
    Door("partners:answer", reads=None, writes=EVERYBODY,
         args=thing("household_token", "disbursement.number"),
         post=facts(answer="received")),
    Door("partners:answer", reads=None, writes=NOBODY, case="another household's",
         args=lambda w: [_other_token(w), w.disbursement.number],
         post=facts(answer="received")),
]  # fmt: skip


def _other_token(world: World) -> str:
    from partners.links import link_token

    return link_token(world.other_household)


LOGIN = [
    Door("users:login", writes=frozenset({ANONYMOUS}),
         post=facts(phone="10099999999", way="code")),
    Door("users:code", session=lambda w: _ticket(w, "code"), writes=EVERYBODY,
         post=facts(secret="000000")),
    Door("users:password", session=lambda w: _ticket(w, "password"), writes=EVERYBODY,
         post=facts(secret="wrong")),
    Door("users:again", reads=None, session=lambda w: _ticket(w, "password"),
         writes=EVERYBODY),
    Door("users:ask", session=lambda w: _halfway(w, "auditor"), writes=EVERYBODY,
         post=lambda w: {"secret": _shown(w.things.authenticator.secret)}),
    Door("users:enrol", session=lambda w: _halfway(w, "operator"), writes=EVERYBODY,
         post=lambda w: {"secret": _shown(NEW_SECRET)}),
    Door("users:authenticator", reads=AUDITOR, writes=AUDITOR,
         post=lambda w: {"secret": _shown(w.things.authenticator.secret)}),
    Door("users_backoffice:reset_authenticator", reads=None, writes=OPERATOR,
         args=lambda w: [w.people["auditor"].pk]),
    Door("users:logout", reads=None, writes=EVERYBODY, moves=False),
    Door("users:me", reads=PEOPLE),
    Door("users:name", reads=PEOPLE, writes=PEOPLE, post=facts(name="某某示例")),
    Door("users:new_password", reads=PEOPLE, writes=PEOPLE,
         post=facts(old=PASSWORD, password="another-word-26")),
    Door("notices:outbox"),
]  # fmt: skip

DESK = [
    Door("listings:today", reads=ASSISTANTS),
    Door("listings:say", reads=ASSISTANTS, writes=ASSISTANTS,
         post=facts(said="王婶家蜂蜜,一斤装58块")),
    Door("listings:overview", reads=ASSISTANTS),
    Door("listings:draft", reads=ASSISTANT, writes=ASSISTANT, args=thing("draft.pk"),
         post=facts(farmer=lambda w: w.farmer.pk, title="蜂蜜", pack="1",
                    pack_unit="jin", price="60", capacity_packs="20")),
    Door("listings:photos", reads=None, writes=ASSISTANT, args=thing("listing.pk"),
         post=lambda w: {"photo": photo(size=(400, 300))}),
    Door("listings:clear", reads=None, writes=ASSISTANT,
         post=facts(draft=lambda w: w.draft.pk)),
    Door("listings:drop", reads=None, writes=ASSISTANT, args=thing("draft.pk")),
    Door("listings:take_back", reads=None, writes=ASSISTANT, args=thing("sent.pk")),
    Door("listings:again", reads=None, writes=ASSISTANT, args=thing("denied.pk")),
    Door("listings:send", reads=None, writes=ASSISTANT, args=thing("draft.pk")),
    Door("listings:code", reads=None, writes=ASSISTANT, args=thing("sent.pk"),
         post=facts(code=lambda w: w.asked.code)),
    Door("listings:price", reads=None, writes=ASSISTANT, args=thing("listing.pk"),
         post=facts(price="31")),
    Door("listings:stock", reads=None, writes=ASSISTANT, args=thing("listing.pk"),
         post=facts(packs="40")),
    Door("listings:lot", reads=None, writes=ASSISTANT, args=thing("listing.pk"),
         post=facts(lot=lambda w: w.lot.pk)),
    Door("listings:end", reads=None, writes=ASSISTANT, args=thing("listing.pk")),
    Door("ordering:packing", reads=ASSISTANTS),
    Door("ordering:box", reads=ASSISTANT, writes=ASSISTANT, args=thing("sub_order.pk"),
         post=facts(code=lambda w: w.codes[1])),
    Door("organisations:farmers", reads=ASSISTANTS),
    Door("organisations:register", reads=ASSISTANTS, writes=ASSISTANT,
         post=facts(village=lambda w: w.yonggu.pk, called="赵婶", name="赵示例",
                    phone="10088888888")),
    Door("organisations:farmer", reads=KEEPERS, writes=KEEPERS, args=thing("farmer.pk"),
         post=facts(called="王姨", story="")),
    Door("organisations:farmer", reads=KEEPERS, writes=OPERATOR,
         args=thing("farmer.pk"), post=facts(phone="10088888888"), case="number"),
]  # fmt: skip

LOTS = [
    Door("traceability:lots", reads=ASSISTANTS | READERS),
    Door("traceability:plot_new", reads=ASSISTANTS | OPERATOR, writes=KEEPERS,
         post=facts(farmer=lambda w: w.farmer.pk, name="新地", crop="柑橘",
                    area_mu="2")),
    Door("traceability:lot_new", reads=ASSISTANTS | OPERATOR, writes=KEEPERS,
         post=facts(plot=lambda w: w.plot.pk, product_name="冰糖橙",
                    harvest_date="2026-11-20", weight_g="10")),
    Door("traceability:lot", reads=ASSISTANT | READERS, args=thing("lot.number")),
    Door("traceability:event_new", reads=KEEPERS, writes=KEEPERS,
         args=thing("lot.number"),
         post=facts(kind="pack", happened_at="2026-11-22T10:00")),
    Door("traceability:event_strike", reads=KEEPERS, writes=KEEPERS,
         args=thing("lot.number", "event.pk"),
         post=facts(reason="写错了", confirmed="on")),
    Door("traceability:lot_trace", reads=ASSISTANT | READERS,
         args=thing("lot.number")),
    Door("traceability:lot_trace_json", reads=ASSISTANT | READERS,
         args=thing("lot.number")),
    Door("traceability:split", reads=KEEPERS, writes=KEEPERS, args=thing("lot.number"),
         post=facts(part_1="10", confirmed="on")),
    Door("traceability:merge", reads=KEEPERS, writes=KEEPERS, args=thing("lot.number"),
         post=lambda w: {"product_name": "冰糖橙", f"lot_{w.lot.pk}": "10",
                         f"lot_{w.spare_lot.pk}": "10", "confirmed": "on"}),
    Door("traceability:take_off", reads=KEEPERS, writes=KEEPERS,
         args=thing("lot.number"),
         post=facts(weight_g="2", reason="多写了", confirmed="on")),
    Door("traceability:void", reads=KEEPERS, writes=KEEPERS, args=thing("lot.number"),
         post=facts(code=lambda w: w.codes[2], reason="撕坏了", confirmed="on")),
    Door("traceability:supersede", reads=KEEPERS, writes=KEEPERS,
         args=thing("lot.number", "certificate.number"),
         post=facts(reason="重新包装", confirmed="on")),
    Door("traceability:evidence_new", reads=KEEPERS, writes=KEEPERS,
         args=thing("lot.number"),
         post=lambda w: {"kind": "photo", "title": "田里",
                         "file": photo(color="black")}),
    Door("traceability:certificate_new", reads=KEEPERS, writes=KEEPERS,
         args=thing("lot.number"),
         post=facts(quantity_g="10", basis="quality_control", promisor="王示例",
                    contact="示例")),
    Door("traceability:collected_new", reads=KEEPERS, writes=KEEPERS,
         args=thing("lot.number"),
         post=facts(form="household", number="示例-1", product="冰糖橙",
                    quantity_g="10", origin="永固村", promisor="王示例",
                    contact="示例", issued_on="2026-11-20")),
    Door("traceability:import_new", reads=ASSISTANTS | OPERATOR, writes=KEEPERS,
         post=lambda w: {"file": ContentFile(BOOK.encode(), "x.csv")}),
    Door("traceability:import", reads=ASSISTANT, writes=ASSISTANT,
         args=thing("record_import.pk")),
    Door("traceability:import_template", reads=ASSISTANTS | OPERATOR,
         args=always("xlsx")),
    Door("traceability:records", reads=ASSISTANTS | READERS),
    Door("traceability:register", reads=ASSISTANTS | READERS),
    Door("traceability:register_file", reads=ASSISTANTS | READERS,
         args=always("csv")),
    Door("epcis:records", reads=ASSISTANTS | READERS, args=always("labels")),
    Door("epcis:records_openapi"),
    Door("traceability:labels_new", reads=KEEPERS, writes=KEEPERS,
         args=thing("lot.number", "certificate.number"),
         post=facts(product_name="冰糖橙", pack_g="5", count="2")),
    Door("traceability:certificate_paper", reads=KEEPERS,
         args=thing("lot.number", "certificate.number")),
    Door("traceability:boxes", reads=KEEPERS, writes=KEEPERS,
         args=lambda w: [w.other_batch.lot.number, w.other_batch.number]),
    Door("traceability:certificate_label", reads=KEEPERS,
         args=lambda w: [w.lot.number, w.certificate.number, "70x50"]),
    Door("traceability:labels_print", reads=KEEPERS, writes=KEEPERS,
         args=thing("lot.number", "batch.number"),
         post=facts(paper="50x30", first="2", last="3", first_place="1", right="0",
                    down="0", reason="卡纸")),
    Door("traceability:label_print", reads=KEEPERS,
         args=thing("lot.number", "printed.pk")),
    Door("traceability:print_part", reads=KEEPERS,
         args=lambda w: [w.lot.number, w.printed.pk, 1, "pdf"]),
    Door("traceability:print_whole", reads=KEEPERS,
         args=lambda w: [w.lot.number, w.printed.pk, "zip"]),
]  # fmt: skip

SUPERMARKETS = [
    Door("partners:supermarkets", reads=MANAGERS),
    Door("partners:statement_template", reads=PEOPLE, args=always("xlsx")),
    Door("partners:supermarket", reads=MANAGER | STAFF, args=thing("supermarket.pk")),
    Door("partners:new_upload", reads=MANAGER, writes=MANAGER,
         args=thing("supermarket.pk"),
         post=lambda w: {"month": "2026-10", "file": _upload()}),
    Door("partners:upload", reads=MANAGER, args=thing("supermarket.pk", "upload.pk")),
    Door("partners:upload", reads=NOBODY, case="in another's name",
         args=thing("other_supermarket.pk", "upload.pk")),
    Door("partners:file_upload", reads=None, writes=MANAGER,
         args=thing("supermarket.pk", "upload.pk")),
    Door("partners:file_upload", reads=None, writes=NOBODY, case="in another's name",
         args=thing("other_supermarket.pk", "upload.pk")),
    Door("partners:statement", reads=MANAGER | STAFF,
         args=thing("supermarket.pk", "statement.pk")),
    Door("partners:statement", reads=NOBODY, case="in another's name",
         args=thing("other_supermarket.pk", "statement.pk")),
    Door("partners:statement_file", reads=MANAGER | STAFF,
         args=thing("supermarket.pk", "statement.pk")),
    Door("partners:statement_file", reads=NOBODY, case="in another's name",
         args=thing("other_supermarket.pk", "statement.pk")),
]  # fmt: skip

BACKOFFICE = [
    Door("backoffice:today", reads=STAFF),
    Door("backoffice:orders", reads=STAFF),
    Door("backoffice:order", reads=STAFF, args=thing("sub_order.order.number")),
    Door("backoffice:order", reads=NOBODY, args=always("0"), case="not there"),
    Door("backoffice:refund", reads=OPERATOR, writes=OPERATOR,
         args=thing("sub_order.order.number"),
         post=facts(what="whole", amount="1", reason="示例", key="a" * 16, seen_fen=100,
                    step="make")),
    Door("backoffice:release", reads=None, writes=OPERATOR, moves=False,
         args=thing("sub_order.order.number")),
    Door("backoffice:listings", reads=STAFF),
    Door("recalls:recalls", reads=STAFF),
    Door("recalls:report", reads=STAFF, args=thing("recall.lot.number")),
    Door("recalls:report", reads=NOBODY, args=always("0"), case="not there"),
    Door("recalls:sheet", reads=STAFF, args=thing("recall.lot.number")),
    Door("recalls:again", reads=None, writes=OPERATOR, moves=False,
         args=thing("recall.lot.number")),
    Door("recalls:reached", reads=None, writes=OPERATOR, args=thing("notice.pk")),
    Door("logistics:freight", reads=ASSISTANTS | STAFF),
    Door("logistics:freight_template", reads=ASSISTANTS | STAFF,
         args=thing("freight.pk"), query="?amount=3&to=湖南"),
    Door("logistics:freight_new", reads=OPERATOR, writes=OPERATOR, post=_freight("新")),
    Door("logistics:freight_change", reads=OPERATOR, writes=OPERATOR,
         args=thing("freight.pk"), post=_freight("汉寿常温")),
    Door("logistics:freight_retire", reads=None, writes=OPERATOR,
         args=thing("other_freight.pk")),
    Door("traceability:recall", reads=OPERATOR, writes=OPERATOR,
         args=thing("lot.number"), post=facts(reason="示例", confirmed="on")),
    Door("traceability:revoke", reads=OPERATOR, writes=OPERATOR,
         args=thing("certificate.number"), post=facts(reason="示例", confirmed="on")),
    Door("users_backoffice:new", reads=OPERATOR, writes=OPERATOR,
         post=facts(name="新示例", phone="10077777777")),
    Door("users_backoffice:people", reads=STAFF, writes=STAFF, moves=False,
         post=facts(phone=lambda w: w.people["buyer"].phone)),
    Door("users_backoffice:person", reads=STAFF, args=lambda w: [w.people["buyer"].pk]),
    Door("users_backoffice:grant", reads=None, writes=OPERATOR,
         args=lambda w: [w.people["buyer"].pk], post=facts(role="auditor")),
    Door("users_backoffice:grant", reads=None, writes=OPERATOR, case="to oneself",
         args=lambda w: [w.people["operator"].pk], post=facts(role="auditor")),
    Door("users_backoffice:revoke", reads=None, writes=OPERATOR,
         args=lambda w: [w.people["auditor"].pk], post=facts(role="auditor")),
    Door("users_backoffice:appoint", reads=None, writes=OPERATOR,
         args=lambda w: [w.people["buyer"].pk],
         post=facts(village=lambda w: w.yonggu.pk, serves="yes")),
    Door("jobs:jobs", reads=STAFF),
    Door("jobs:again", reads=None, writes=OPERATOR, args=thing("job.pk")),
    Door("notices:texts", reads=STAFF),
    Door("notices:again", reads=None, writes=OPERATOR, args=thing("text.pk")),
    Door("alipay_backoffice:payments", reads=STAFF),
    Door("alipay_backoffice:ask", reads=None, writes=OPERATOR, args=thing("payment.pk"),
         moves=False),
    Door("alipay_backoffice:settle", reads=None, writes=OPERATOR,
         args=thing("difference.pk"), post=facts(note="示例")),
    Door("partners_backoffice:statements", reads=STAFF),
    Door("partners_backoffice:statement", reads=STAFF, args=thing("waiting.pk")),
    Door("partners_backoffice:file", reads=STAFF, args=thing("waiting.pk")),
    Door("partners_backoffice:approve", reads=None, writes=OPERATOR,
         args=thing("waiting.pk")),
    Door("partners_backoffice:return", reads=None, writes=OPERATOR,
         args=thing("waiting.pk"), post=facts(reason="示例")),
    Door("partners_backoffice:shares", reads=STAFF),
    Door("partners_backoffice:pay_in", reads=OPERATOR, writes=OPERATOR,
         args=thing("supermarket.pk"), post=facts(amount_fen="5", reference="示例-2")),
    Door("partners_backoffice:households", reads=STAFF),
    Door("partners_backoffice:household", reads=STAFF, args=thing("household.number")),
    Door("partners_backoffice:disburse", reads=OPERATOR, writes=OPERATOR,
         args=thing("household.number"),
         post=lambda w: {"key": "k" * 32, "amount_fen": "1", "kind": "cash",
                         "receipt": photo(color="navy"), "photos": photo(color="pink"),
                         "stage": "during"}),
    Door("partners_backoffice:disbursement", reads=STAFF,
         args=thing("disbursement.number")),
    Door("partners_backoffice:receipt", reads=STAFF, args=thing("disbursement.number")),
    Door("partners_backoffice:photo", reads=STAFF,
         args=lambda w: [w.hidden.pk, "small"]),
    Door("partners_backoffice:publish", reads=None, writes=OPERATOR,
         args=thing("hidden.pk"), post=facts(public="1")),
    Door("partners_backoffice:findings", reads=STAFF),
    Door("partners_backoffice:finding", reads=STAFF, writes=OPERATOR,
         args=thing("finding.pk"),
         post=facts(verdict="upheld", reason="示例")),
    Door("partners_backoffice:facts", reads=STAFF, writes=OPERATOR,
         post=lambda w: {"kind": "death", "id_number": new_id_number(),
                         "on_date": "2026-11-01", "source": "示例"}),
]  # fmt: skip


def _agreement(world: World) -> Any:
    return world.supermarket.agreements.get()


PERSON = facts(name="新示例", phone="10077777777")
REGISTERING = [
    Door("partners_backoffice:supermarkets", reads=STAFF),
    Door("partners_backoffice:supermarket", reads=STAFF, args=thing("supermarket.pk")),
    Door("partners_backoffice:supermarket_new", reads=OPERATOR, writes=OPERATOR,
         post=facts(name="新超市", uscc=lambda w: new_uscc(),
                    division=lambda w: w.yonggu.pk, manager_name="新示例",
                    manager_phone="10077777777")),
    Door("partners_backoffice:manager_new", reads=None, writes=OPERATOR,
         args=thing("supermarket.pk"), post=PERSON),
    Door("partners_backoffice:manager_dismiss", reads=None, writes=OPERATOR,
         args=lambda w: [w.supermarket.pk, w.people["manager"].pk]),
    Door("partners_backoffice:sign", reads=OPERATOR, writes=OPERATOR,
         args=thing("supermarket.pk"),
         post=facts(starts_on="2028-01-01", ends_on="2028-12-31", rate_bp="5",
                    cap_fen="3000", basis="all")),
    Door("partners_backoffice:agreement", reads=STAFF,
         args=lambda w: [_agreement(w).pk]),
    Door("partners_backoffice:pairing_end", reads=OPERATOR, writes=OPERATOR,
         args=lambda w: [_agreement(w).pairings.first().pk],
         post=facts(on="2026-12-31")),
    Door("partners_backoffice:household_new", reads=OPERATOR, writes=OPERATOR,
         post=facts(village=lambda w: w.yonggu.pk, name="新示例",
                    id_number=lambda w: new_id_number(), contact_phone="10077777777")),
    Door("partners_backoffice:pair", reads=OPERATOR, writes=OPERATOR,
         args=thing("unpaired.number"),
         post=facts(weight="1", from_on="2026-12-01",
                    agreement=lambda w: _agreement(w).pk)),
    Door("partners_backoffice:card", reads=OPERATOR, writes=OPERATOR,
         args=thing("household.number"),
         post=facts(bank_card=lambda w: new_bank_card(), card_holder="示例")),
    Door("partners_backoffice:contact", reads=OPERATOR, writes=OPERATOR,
         args=thing("household.number"),
         post=facts(contact_name="示例", contact_phone="10077777777")),
    Door("partners_backoffice:member_new", reads=OPERATOR, writes=OPERATOR,
         args=thing("household.number"),
         post=facts(name="示例", id_number=lambda w: new_id_number(), relation="子女")),
    Door("partners_backoffice:links_end", reads=None, writes=OPERATOR,
         args=thing("household.number")),
    Door("partners_backoffice:villages", reads=STAFF),
    Door("partners_backoffice:village", reads=STAFF, args=thing("yonggu.pk")),
    Door("partners_backoffice:station", reads=OPERATOR, writes=OPERATOR,
         args=thing("yonggu.pk"), post=facts(name="永固村服务站")),
    Door("partners_backoffice:assistant_new", reads=None, writes=OPERATOR,
         args=thing("yonggu.pk"), post=PERSON),
    Door("partners_backoffice:assistant_dismiss", reads=None, writes=OPERATOR,
         args=thing("yonggu.pk", "assistant.pk")),
    Door("partners_backoffice:farmer_new", reads=OPERATOR, writes=OPERATOR,
         args=thing("yonggu.pk"),
         post=facts(village=lambda w: w.yonggu.pk, called="新叔", name="新示例",
                    phone="10077777777")),
    Door("partners_backoffice:cooperative_new", reads=OPERATOR, writes=OPERATOR,
         args=thing("yonggu.pk"),
         post=facts(name="永固合作社", uscc=lambda w: new_uscc())),
]  # fmt: skip

EXCHANGE = [
    Door("epcis:developers"),
    Door("epcis:openapi"),
    Door("epcis:resources"),
    Door("epcis:capture", reads=STAFF),
    Door("epcis:job", reads=STAFF, args=thing("capture_job.pk")),
    Door("epcis:events"),
    Door("epcis:event", args=thing("own_event_id")),
    Door("epcis:event", reads=STAFF, args=thing("captured.event_id"),
         case="of a partner"),
    # A login opens none of these: a party's token does.
    Door("epcis:queries", reads=NOBODY),
    Door("epcis:query", reads=NOBODY, args=always("one")),
    Door("epcis:query_events", reads=NOBODY, args=always("one")),
    Door("epcis:subscriptions", reads=NOBODY, args=always("one")),
    Door("epcis:link_product", args=thing("item.gtin"), answers=frozenset({307})),
    Door("epcis:link_lot", args=thing("item.gtin", "lot.number"),
         answers=frozenset({307})),
    Door("epcis:link_label", args=thing("item.gtin", "lot.number", "code"),
         answers=frozenset({307})),
    Door("epcis:resolver"),
    Door("epcis:item_new", reads=None, writes=OPERATOR,
         post=facts(gtin="09506000134369", lot_number=lambda w: w.lot.number)),
    Door("epcis:item_end", reads=None, writes=OPERATOR, args=thing("item.pk")),
    Door("epcis:partners", reads=STAFF, writes=OPERATOR, post=facts(name="示例公司")),
    Door("epcis:access_give", reads=None, writes=OPERATOR, args=thing("party.pk")),
    Door("epcis:access_end", reads=None, writes=OPERATOR, args=thing("access.pk")),
]  # fmt: skip

TABLE = [
    *MARKET,
    *SCANS,
    *BOARD,
    *LINKS,
    *LOGIN,
    *DESK,
    *LOTS,
    *SUPERMARKETS,
    *BACKOFFICE,
    *REGISTERING,
    *EXCHANGE,
]
