"""The county before its first page: people, shelves, lots. Operations only.

Every row is made as a user would make it, by the operation the page calls, so that
the demo's data is as valid as anybody's. Calling it again on a half-made county goes
on where it stopped.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.apps import apps
from django.utils import timezone
from tqdm import tqdm

from logistics import operations as logistics
from logistics.models import FreightTemplate
from partners import operations as partners
from partners.models import Household, Supermarket
from partners.organisations import operations as places
from partners.organisations.models import Assistant, Division, Farmer
from partners.organisations.positions import Position
from shop.demo import papers, people
from shop.demo.produce import OFFERS, Offer
from shop.demo.tongue import say
from shop.discovery import operations as discovery
from shop.listings import crops
from shop.listings import operations as listings
from shop.listings.models import Listing
from shop.users.models import Role, User
from shop.users.operations import grant_role, register_user
from traceability import operations as trace
from traceability.models import Lot

MONTHS = 3
CONTACT = "0736-0000000"  # on demo certificates: rings nowhere


def run() -> None:
    """Make everything the first page needs."""
    now = timezone.now()
    founded = now - timedelta(days=MONTHS * 31)
    make_staff(at=founded)
    assistants = make_villages(at=founded)
    shops = make_supermarkets(at=founded)
    template = make_freight(at=founded)
    listings.set_up_catalogue()
    for offer in tqdm(OFFERS, desc=say("  农产品", "  Produce"), unit="", leave=False):
        put_on_sale(
            offer=offer, assistants=assistants, shops=shops, template=template, now=now
        )
    refuse_one(assistants=assistants, now=now)
    # Or the first search would find nothing until the worker has come to it.
    discovery.index_outdated(at=timezone.now())


def someone(person: people.Person, role: str, *, at: datetime) -> User:
    """A person with a login and a role; the same person on a second call."""
    user = User.objects.filter(phone=person.phone).first()
    if user is None:
        user = register_user(
            phone=person.phone, name=person.name, password=people.PASSWORD, at=at
        )
    grant_role(user=user, role=role, at=at)
    return user


# To a tenth of a degree all of the county's villages are here.
HANSHOU = Position(289, 1120)


def make_staff(*, at: datetime) -> None:
    """Two operators, because a second person approves, and an auditor."""
    someone(people.OPERATOR, Role.OPERATOR, at=at)
    someone(people.SECOND_OPERATOR, Role.OPERATOR, at=at)
    someone(people.AUDITOR, Role.AUDITOR, at=at)


def make_villages(*, at: datetime) -> dict[str, Assistant]:
    """Stations, assistants and growers. Returns the assistant of each village."""
    divisions = Division.objects.in_bulk(list(people.VILLAGES.values()))
    assistants: dict[str, Assistant] = {}
    for person, names in people.ASSISTANTS:
        user = someone(person, Role.ASSISTANT, at=at)
        own = [divisions[people.VILLAGES[name]] for name in names]
        assistant = places.appoint_assistant(user=user, villages=own, at=at)
        for name, village in zip(names, own, strict=True):
            assistants[name] = assistant
            if not hasattr(village, "station"):
                places.open_station(
                    village=village,
                    name=f"{name}级服务站(示例)",
                    phone=CONTACT,
                    position=HANSHOU,
                )
    make_growers(divisions=divisions, at=at)
    return assistants


def make_growers(*, divisions: dict[str, Division], at: datetime) -> None:
    """Two growers a village; the first one of all has logged in before."""
    known = set(Farmer.objects.values_list("village_id", "called"))
    for index, grower in enumerate(people.GROWERS):
        code = people.VILLAGES[grower.village]
        if (code, grower.called) in known:
            continue
        places.register_farmer(
            village=divisions[code],
            name=grower.name,
            called=grower.called,
            phone=people.grower_phone(index),
            growing_since=grower.since,
            story=grower.story,
            at=at,
        )
    user = someone(people.FARMER, Role.FARMER, at=at)
    places.recognise_farmer(user=user, phone=user.phone, at=at)


def make_supermarkets(*, at: datetime) -> list[Supermarket]:
    """Four shops with an agreement each and their paired households."""
    start = timezone.localdate(at).replace(day=1)
    shops = []
    for shop in people.SUPERMARKETS:
        found = Supermarket.objects.filter(uscc=shop.uscc).first()
        shops.append(found or _make_supermarket(shop, start=start, at=at))
    if not Household.objects.exists():
        for index, row in enumerate(people.HOUSEHOLDS):
            _make_household(index, row, shops=shops, start=start, at=at)
    return shops


def _make_supermarket(shop: people.Shop, *, start: date, at: datetime) -> Supermarket:
    manager = someone(shop.manager, Role.SUPERMARKET_MANAGER, at=at)
    supermarket = partners.register_supermarket(
        name=shop.name,
        uscc=shop.uscc,
        division=Division.objects.get(pk=people.VILLAGES[shop.village]),
        managers=[manager],
        at=at,
    )
    partners.sign_agreement(
        supermarket=supermarket,
        starts_on=start,
        ends_on=start.replace(year=start.year + 2),
        rate_bp=shop.rate_bp,
        cap_fen=shop.cap_fen,
        at=at,
    )
    return supermarket


def _make_household(
    index: int,
    row: tuple[int, str, str, int],
    *,
    shops: list[Supermarket],
    start: date,
    at: datetime,
) -> None:
    shop, name, village, weight = row
    household = partners.register_household(
        village=Division.objects.get(pk=people.VILLAGES[village]),
        name=name,
        id_number=invented_id_number(index),
        bank_card=invented_card(index),
        card_holder=name,
        contact_name=name,
        contact_phone=people.household_phone(index),
        at=at,
    )
    partners.pair(
        agreement=shops[shop].agreements.get(),
        household=household,
        weight=weight,
        from_on=start,
        at=at,
    )


def invented_id_number(index: int) -> str:
    """An ID number with a right check digit and a birthday in 1900, so nobody's."""
    from stdnum.cn import ric  # noqa: PLC0415  demo only

    body = f"43072219000101{index:03d}"
    return body + ric.calc_check_digit(body + "0")


def invented_card(index: int) -> str:
    """A card number of a range that no bank has, with a right Luhn digit."""
    from stdnum import luhn  # noqa: PLC0415  demo only

    body = f"900000000000{index:06d}"
    return body + luhn.calc_check_digit(body)


def make_freight(*, at: datetime) -> FreightTemplate:
    """Hunan near and cheap, the rest dearer, the far west not for fresh boxes.

    Where somebody has changed what freight costs, that stays.
    """
    current = FreightTemplate.objects.in_force().order_by("-pk").first()
    if current is not None:
        return current
    weights = {"first_units": 3_000, "additional_units": 1_000}
    near = {"first_fen": 600, "additional_fen": 150, "free_from_fen": 9_900}
    far = {"first_fen": 800, "additional_fen": 300, "free_from_fen": 19_900}
    return logistics.create_template(
        name="汉寿常温快递(示例)",
        basis=FreightTemplate.Basis.WEIGHT,
        prices=[
            logistics.RegionPrice(region_codes=("",), **weights, **far),
            logistics.RegionPrice(region_codes=("43",), **weights, **near),
        ],
        not_delivered=["54", "65"],
        at=at,
    )


def put_on_sale(
    *,
    offer: Offer,
    assistants: dict[str, Assistant],
    shops: list[Supermarket],
    template: FreightTemplate,
    now: datetime,
) -> Listing:
    """One offer from the sentence to the shelf, with its lot and certificate."""
    farmer = Farmer.objects.select_related("village").get(called=offer.called)
    done = Listing.objects.filter(farmer=farmer, title=offer.title).first()
    if done is not None:
        return done
    assistant = assistants[farmer.village.name]
    picked, at = _when(offer, now=now)
    shop = farmer.pk % (len(shops) + 1)
    supermarket = shops[shop] if shop < len(shops) else None
    crop = crops.CROPS[offer.crop]
    Category = apps.get_model("catalogue", "Category")
    listing = listings.draft_listing(
        assistant=assistant,
        said=f"{offer.called}家{offer.title},一份{offer.price_fen / 100:g}元",
        farmer=farmer,
        crop=crop.name,
        title=offer.title,
        category=Category.objects.get(code=crop.category),
        picture=crop.picture,
        fresh=crop.fresh,
        description=_story(offer, farmer),
        pack_g=offer.pack_g,
        pieces=offer.pieces,
        piece_unit=offer.piece_unit,
        price_fen=offer.price_fen,
        harvest_on=picked,
        capacity_packs=offer.packs,
        supermarket=supermarket,
        margin_bp=people.SUPERMARKETS[shop].margin_bp if supermarket else 0,
        freight_template=template,
        at=at,
    )
    asked = listings.send_to_farmer(listing=listing, by=assistant, at=at)
    listing = listings.confirm_listing(token=asked.token, at=at + timedelta(minutes=9))
    if picked <= timezone.localdate(now):
        lot = record_lot(listing=listing, by=assistant.user, at=at, now=now)
        listings.link_lot(listing=listing, lot=lot, at=at)
    return listing


def _when(offer: Offer, *, now: datetime) -> tuple[date, datetime]:
    """Day of harvest, and when the offer was made: in season, or for the next one."""
    today = timezone.localdate(now)
    season = crops.CROPS[offer.crop].season
    picked = today - timedelta(days=offer.harvested_days_ago)
    stored = offer.harvested_days_ago > 9
    if not stored and today.month not in season:
        ahead = next(
            n for n in range(1, 13) if (today.month + n - 1) % 12 + 1 in season
        )
        month = (today.month + ahead - 1) % 12 + 1
        year = today.year + (today.month + ahead - 1) // 12
        picked = date(year, month, 5)
    began = now - timedelta(days=MONTHS * 31 - 3)
    return picked, began


def _story(offer: Offer, farmer: Farmer) -> str:
    return (
        f"{farmer.village.name}{farmer.called}家的{offer.title}。"
        f"自家地里长的，采收后由村级服务站装箱贴码，扫码能看到地块、检测和合格证。(示例)"
    )


def record_lot(*, listing: Listing, by: User, at: datetime, now: datetime) -> Lot:
    """Plot, lot, what happened to it, and its certificate."""
    farmer = listing.farmer
    plot = trace.register_plot(
        village=listing.village,
        farmer=farmer,
        name=f"{farmer.called}家 {listing.title}",
        area_mu=Decimal(8),
        crop=listing.crop,
        by=by,
        at=at,
    )
    weight_g = listing.parcel_g * listing.capacity_packs
    morning = timezone.make_aware(
        datetime.combine(listing.harvest_on, datetime.min.time())
    ) + timedelta(hours=8)
    # Whoever starts before eight has a log that is not ahead of the clock.
    picked_at = min(morning, now)
    lot = trace.record_lot(
        plot=plot,
        farmer=farmer,
        crop=listing.crop,
        product_name=listing.title,
        harvest_date=listing.harvest_on,
        weight_g=weight_g,
        by=by,
        at=picked_at,
    )
    # The fruit is tested once it is picked, on the day that the report bears.
    for kind, before, note in (
        ("fertilise", timedelta(days=80), "有机肥 (示例)"),
        ("harvest", timedelta(hours=2), "清晨采摘 (示例)"),
        ("test", timedelta(minutes=30), "农残速测未检出 (示例)"),
    ):
        trace.record_event(
            lot=lot,
            kind=kind,
            note=note,
            weight_g=weight_g if kind == "harvest" else None,
            happened_at=picked_at - before,
            by=by,
            at=picked_at,
        )
    trace.attach_evidence(
        lot=lot,
        kind="test_report",
        title="农残快速检测报告(示例)",
        result="未检出",
        done_on=listing.harvest_on,
        file=papers.test_report(),
        by=by,
        at=picked_at,
    )
    trace.issue_certificate(
        lot=lot,
        basis=["quality_control", "self_test"],
        quantity_g=weight_g,
        promisor=farmer.name,
        contact=CONTACT,
        by=by,
        at=picked_at,
    )
    return lot


def refuse_one(*, assistants: dict[str, Assistant], now: datetime) -> None:
    """A listing its farmer denied, so that a denial can be seen too."""
    farmer = Farmer.objects.get(called="王婶")
    if farmer.listings.filter(status=Listing.Status.DENIED).exists():
        return
    at = now - timedelta(days=6)
    assistant = assistants["永固村"]
    listing = listings.draft_listing(
        assistant=assistant,
        said="王婶家土鸡蛋,30枚一盒40块,有50盒",
        farmer=farmer,
        at=at,
    )
    asked = listings.send_to_farmer(listing=listing, by=assistant, at=at)
    listings.deny_listing(token=asked.token, reason="我家没养鸡", at=at)
