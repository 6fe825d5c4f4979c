"""Positions as people copy them from a map."""

import pytest
from django.db import IntegrityError, transaction

from partners.organisations.forms import StationForm
from partners.organisations.models import Division, Station
from partners.organisations.positions import NoPosition, Position, read_position


class TestReadPosition:
    @pytest.mark.parametrize(
        "text",
        [
            "28.91, 111.97",
            "111.97,28.91",
            "28.9123456 111.9654321",
            " 28.91N,111.97E ",
            "28.91°，111.97°",
        ],
    )
    def test_takes_two_numbers_in_whichever_order(self, text: str) -> None:
        assert read_position(text) == Position(289, 1120)
        assert str(read_position(text)) == "28.9, 112.0"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "28.91",
            "汉寿",
            "28.91, 28.91",
            "0, 0",
            "-28.9, 111.9",
            "1e1, 111",
            "9" * 60,
        ],
    )
    def test_says_what_it_wants_for_anything_else(self, text: str) -> None:
        with pytest.raises(NoPosition, match=r"28\.91"):
            read_position(text)

    def test_what_it_gives_can_be_typed_again(self) -> None:
        there = Position(30, 1360)
        assert read_position(str(there)) == there


class TestStationForm:
    def test_without_a_position_there_is_none(self) -> None:
        form = StationForm({"name": "站"})
        assert form.is_valid()
        assert form.cleaned_data["position"] is None

    def test_a_wrong_one_is_said_at_its_field(self) -> None:
        form = StationForm({"name": "站", "position": "村口"})
        assert not form.is_valid()
        assert set(form.errors) == {"position"}


@pytest.mark.django_db
class TestGuard:
    @pytest.mark.parametrize(
        ("latitude", "longitude"), [(1120, 289), (289, None), (0, 0)]
    )
    def test_the_database_keeps_no_place_outside_of_china(
        self, village_yonggu: Division, latitude: int, longitude: int | None
    ) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Station.objects.create(
                village=village_yonggu,
                name="站",
                latitude=latitude,
                longitude=longitude,
            )
        # The control: the same place, said rightly.
        Station.objects.create(
            village=village_yonggu, name="站", latitude=289, longitude=1120
        )
