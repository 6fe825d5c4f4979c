"""What the demo prints when it is up: in line, whatever a character is wide."""

import logging

import pytest
from celery import Celery
from django.conf import settings

from partners.organisations.models import Division, Farmer
from shop.demo import people, seed
from shop.demo.addresses import aligned, lines, width
from tests.factories.people import SOME_DAY


@pytest.mark.parametrize(
    ("text", "cells"),
    [("shop", 4), ("市集", 4), ("市集 shop", 9), ("", 0), ("é", 1), ("é", 1)],
)
def test_chinese_characters_take_two_cells(text, cells):
    assert width(text) == cells


def test_columns_begin_under_one_another():
    rows = aligned([("乡集", "1", "x"), ("public board", "22", "y")])
    assert rows == ["乡集          1   x", "public board  22  y"]
    assert len({width(row) for row in rows}) == 1
    assert len({len(row) for row in rows}) == 2, "counting characters would not do"


def test_everybody_stands_on_one_line_of_a_terminal():
    table = lines(port=8000, own_gateway=False)
    assert all(width(line) <= 78 for line in table)
    for _title, phone, _path in people.logins():
        (line,) = (one for one in table if phone in one)
        assert line.endswith("/")


@pytest.mark.django_db
def test_a_farmer_has_a_login_and_keeps_it(hanshou):
    divisions = Division.objects.in_bulk(list(people.VILLAGES.values()))
    for _time in range(2):
        seed.make_growers(divisions=divisions, at=SOME_DAY)
    farmer = Farmer.objects.get(user__phone=people.FARMER.phone)
    assert farmer.user.check_password(people.PASSWORD)
    assert farmer.user.has_role("farmer")
    assert Farmer.objects.count() == len(people.GROWERS)


def test_the_embedded_broker_is_asked_for_without_a_warning(caplog):
    caplog.set_level(logging.WARNING, logger="kombu")
    app = Celery("示例", broker=settings.CELERY_BROKER_URL)
    app.connection_for_write().as_uri()
    app.connection_for_write().info()
    assert caplog.text == ""


def test_without_a_host_there_would_be_one(caplog):
    caplog.set_level(logging.WARNING, logger="kombu")
    Celery("示例", broker="filesystem://").connection_for_write().info()
    assert "hostname" in caplog.text
