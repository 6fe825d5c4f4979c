"""A small market: one category with two villages, and a day to look at it."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client

from logistics.models import FreightTemplate
from logistics.operations import RegionPrice, create_template
from shop.listings.models import Listing
from shop.storefront.models import ProductCard
from tests.factories import listings as offers

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    """Monday, 23 November 2026, ten in the morning in Hanshou: 小雪."""
    with time_machine.travel(offers.NOW, tick=False):
        yield


@pytest.fixture
def to_hunan(db: None) -> FreightTemplate:
    """Hunan ¥6, free from ¥99; elsewhere ¥10; not to Tibet."""
    return create_template(
        name="常温",
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
        at=offers.NOW,
    )


@pytest.fixture
def oranges(to_hunan: FreightTemplate) -> Listing:
    """王婶's oranges of 示例村, ¥29.00 for 5 斤, picked on Wednesday."""
    return offers.listing_on_sale(
        freight_template=to_hunan, harvest_on=TODAY + timedelta(days=2)
    )


@pytest.fixture
def pomelos(to_hunan: FreightTemplate) -> Listing:
    """李伯's pomelos of another village of another township, ¥12.00 each."""
    elsewhere = offers.village("430722101202", "远村")
    return offers.listing_on_sale(
        crop="柚子",
        price_fen=1_200,
        freight_template=to_hunan,
        grower=offers.farmer(called="李伯", home=elsewhere),
    )


def card_of(listing: Listing) -> ProductCard:
    """The listing's card as it is in the database now."""
    return ProductCard.objects.get(listing=listing)


@pytest.fixture
def reader() -> Client:
    """Somebody who reads Chinese, has no account and no cookie."""
    return Client(headers={"accept-language": "zh-CN"})
