"""What tests buy: offers that went the whole way from sentence to shelf."""

from datetime import datetime, timedelta

import pytest
from django.apps import apps

from logistics.models import FreightTemplate
from logistics.operations import RegionPrice, create_template
from partners.organisations.models import Assistant, Farmer
from shop.listings.crops import CROPS
from shop.listings.models import Listing
from shop.listings.operations import (
    confirm_listing,
    draft_listing,
    send_to_farmer,
    set_up_catalogue,
)
from tests.factories.people import SOME_DAY, new_farmer


def put_on_sale(
    crop_name: str,
    *,
    farmer: Farmer,
    assistant: Assistant,
    pack_g: int | None = None,
    price_fen: int,
    packs: int,
    at: datetime = SOME_DAY,
    **changes: object,
) -> Listing:
    """An offer of this crop, agreed to by its farmer and on sale."""
    set_up_catalogue()
    crop = CROPS[crop_name]
    listing = draft_listing(
        assistant=assistant,
        said=f"{farmer.called}家{crop_name}",
        farmer=farmer,
        crop=crop.name,
        title=crop.name,
        category=apps.get_model("catalogue", "Category").objects.get(
            code=crop.category
        ),
        fresh=crop.fresh,
        pack_g=pack_g,
        price_fen=price_fen,
        capacity_packs=packs,
        harvest_on=changes.pop("harvest_on", at.date() + timedelta(days=1)),
        at=at,
        **changes,
    )
    asked = send_to_farmer(listing=listing, by=assistant, at=at)
    return confirm_listing(token=asked.token, at=at)


@pytest.fixture
def freight(db: None) -> FreightTemplate:
    """Hunan ¥6 for 3 kg and ¥2 for each kg more, free from ¥99; not to Tibet."""
    return create_template(
        name="汉寿常温",
        basis=FreightTemplate.Basis.WEIGHT,
        prices=[
            RegionPrice(
                region_codes=("43",),
                first_units=3_000,
                first_fen=600,
                additional_units=1_000,
                additional_fen=200,
                free_from_fen=9_900,
            ),
            RegionPrice(
                region_codes=("",),
                first_units=3_000,
                first_fen=1_000,
                additional_units=1_000,
                additional_fen=400,
            ),
        ],
        not_delivered=["54"],
        at=SOME_DAY,
    )


@pytest.fixture
def oranges(
    farmer_wang: Farmer, assistant_zhao: Assistant, freight: FreightTemplate
) -> Listing:
    """王婶's 冰糖橙: 60 packs of 2,500 g at ¥29.00."""
    return put_on_sale(
        "冰糖橙",
        farmer=farmer_wang,
        assistant=assistant_zhao,
        pack_g=2_500,
        price_fen=2_900,
        packs=60,
        freight_template=freight,
    )


@pytest.fixture
def ducks(
    farmer_wang: Farmer, assistant_zhao: Assistant, freight: FreightTemplate
) -> Listing:
    """王婶's ducks: 30 packs of 2 at ¥76.00, taken to weigh 3,600 g each."""
    return put_on_sale(
        "土鸭",
        farmer=farmer_wang,
        assistant=assistant_zhao,
        pieces=2,
        piece_unit="只",
        price_fen=7_600,
        packs=30,
        freight_template=freight,
    )


@pytest.fixture
def honey(assistant_zhao: Assistant, freight: FreightTemplate) -> Listing:
    """李伯's honey of the same village: 20 packs of 500 g at ¥58.00, not fresh."""
    village = assistant_zhao.villages.first()
    return put_on_sale(
        "蜂蜜",
        farmer=new_farmer(village=village, called="李伯"),
        assistant=assistant_zhao,
        pack_g=500,
        price_fen=5_800,
        packs=20,
        freight_template=freight,
        harvest_on=SOME_DAY.date(),
    )
