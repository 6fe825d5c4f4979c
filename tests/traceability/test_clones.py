"""One label on two packages: one alarm, places never exact, a verdict that follows."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, connection, transaction
from django.test import Client

from partners.guards import missing_guards
from shop.users.models import User
from tests import races
from tests.factories.mmdb import write_mmdb
from tests.factories.people import new_user
from tests.factories.traceability import NOW, english_client, new_batch
from tests.guards import guards_lifted
from tests.traceability.test_scan_pages import seen, text_of
from traceability import operations, queries
from traceability.guards import CLONES
from traceability.mapping import WIDTH, Spot, draw_map
from traceability.models import (
    Certificate,
    CloneAlarm,
    CloneConclusion,
    FakeReport,
    Label,
    Scan,
    ScanPlace,
)
from traceability.network_places import network_place
from traceability.operations import UnableToConcludeClone, UnableToPlace
from traceability.places import CITIES, Place, km_between, spoken_place
from traceability.scratch import scratch_code_of

pytestmark = pytest.mark.django_db
CHANGSHA, BEIJING, CHANGDE = (282, 1129), (399, 1164), (290, 1117)
HOUR = timedelta(hours=1)


def look(
    label: Label, phone: str, *, at: datetime = NOW, place: Place | None = None
) -> queries.Verdict:
    """Somebody looks at the package."""
    return operations.count_scan(code=label.code, device=phone * 20, place=place, at=at)


def tell(label: Label, phone: str, place: tuple[int, int], at: datetime = NOW) -> Any:
    latitude, longitude = place
    return operations.tell_place(
        code=label.code,
        device=phone * 20,
        latitude=latitude,
        longitude=longitude,
        at=at,
    )


def looked_from(
    label: Label, phone: str, place: tuple[int, int], at: datetime = NOW
) -> None:
    look(label, phone, at=at)
    tell(label, phone, place, at=at)


def state(label: Label, at: datetime = NOW) -> str:
    return queries.judge(text=label.code, device=None, now=at).state


@pytest.fixture
def operator() -> User:
    return new_user(name="周明示例", role="operator")


@pytest.fixture
def auditor() -> User:
    return new_user(name="田静示例", role="auditor")


@pytest.fixture
def copied(label: Label) -> CloneAlarm:
    """In Changsha, and an hour later in Beijing."""
    looked_from(label, "a", CHANGSHA)
    looked_from(label, "b", BEIJING, at=NOW + HOUR)
    return CloneAlarm.objects.get()


class TestDistance:
    def test_two_places_that_no_box_gets_to(
        self, label: Label, copied: CloneAlarm
    ) -> None:
        assert (copied.kind, copied.first, copied.second) == ("distance", 1, 2)
        assert state(label) == "suspicious"

    @pytest.mark.parametrize(
        ("place", "hours", "kinds"),
        [
            (BEIJING, 1, ["distance"]),
            (BEIJING, 2, ["distance"]),
            # 1,340 km: by air and by train a box gets there in four hours.
            (BEIJING, 4, []),
            (CHANGDE, 0, []),
        ],
    )
    def test_is_measured_against_the_time_between(
        self, label: Label, place: tuple[int, int], hours: int, kinds: list[str]
    ) -> None:
        looked_from(label, "a", CHANGSHA)
        looked_from(label, "b", place, at=NOW + hours * HOUR)
        assert [alarm.kind for alarm in CloneAlarm.objects.all()] == kinds

    def test_what_the_network_suggests_is_allowed_to_be_wrong(
        self, label: Label
    ) -> None:
        look(label, "a", place=Place(*CHANGSHA, within_km=700))
        look(label, "b", place=Place(*BEIJING, within_km=700))
        assert not CloneAlarm.objects.exists()
        # The negative control: it is the uncertainty that keeps it quiet.
        look(label, "c", place=Place(*BEIJING, within_km=20))
        assert CloneAlarm.objects.get().second == 3

    def test_what_the_phone_tells_is_believed_before_the_network(
        self, label: Label
    ) -> None:
        looked_from(label, "a", CHANGSHA)
        look(label, "b", place=Place(*CHANGSHA, within_km=20))
        tell(label, "b", CHANGSHA)
        assert not CloneAlarm.objects.exists()

    def test_one_phone_that_tells_twice_changes_nothing(self, label: Label) -> None:
        looked_from(label, "a", CHANGSHA)
        tell(label, "a", BEIJING)
        assert ScanPlace.objects.get().latitude == CHANGSHA[0]
        assert not CloneAlarm.objects.exists()

    def test_is_raised_once(self, label: Label, copied: CloneAlarm) -> None:
        looked_from(label, "c", BEIJING, at=NOW + HOUR)
        looked_from(label, "d", CHANGSHA, at=NOW + HOUR)
        assert CloneAlarm.objects.get() == copied


class TestRate:
    def test_too_many_phones_in_a_day(self, label: Label) -> None:
        for phone in "abcde":
            look(label, phone)
        assert not CloneAlarm.objects.exists()
        look(label, "f")
        assert CloneAlarm.objects.get().kind == "rate"
        assert state(label) == "suspicious"

    def test_not_where_they_look_on_many_days(self, label: Label) -> None:
        for day, phone in enumerate("abcdefgh"):
            look(label, phone, at=NOW + timedelta(days=day))
        assert not CloneAlarm.objects.exists()

    def test_but_twenty_are_too_many_however_long_it_takes(self, label: Label) -> None:
        for day in range(20):
            look(label, chr(ord("a") + day), at=NOW + timedelta(days=day))
        assert CloneAlarm.objects.get().second == 20


class TestSold:
    @pytest.fixture
    def label(self, certificate: Certificate, zhao: User) -> Label:
        batch = new_batch(certificate=certificate, by=zhao, scratch=True)
        return operations.pack_label(code=batch.first_code, at=NOW, by=zhao)

    def test_strangers_look_after_it_was_opened(self, label: Label) -> None:
        look(label, "h")
        operations.scratch_label(
            code=label.code,
            hidden=scratch_code_of(label.number),
            device="a" * 20,
            address="192.0.2.1",
            at=NOW,
        )
        later = NOW + timedelta(days=2)
        # The buyer and who sat at the table are no strangers; one alone says little.
        for phone in "ahb":
            look(label, phone, at=later)
        assert not CloneAlarm.objects.exists()
        look(label, "c", at=later)
        assert CloneAlarm.objects.get().kind == "sold"
        # To its buyer it is theirs all the same.
        assert look(label, "a", at=later).state == "opened"


class TestTellPlace:
    def test_keeps_a_town_and_no_address(self, label: Label) -> None:
        looked_from(label, "a", CHANGSHA)
        place = ScanPlace.objects.get()
        assert (place.ordinal, place.latitude, place.longitude) == (1, *CHANGSHA)
        for model in (Scan, ScanPlace):
            with pytest.raises(FieldDoesNotExist):
                model._meta.get_field("address")

    def test_is_of_a_scan_that_counted(self, label: Label) -> None:
        with pytest.raises(UnableToPlace):
            tell(label, "a", CHANGSHA)
        assert not ScanPlace.objects.exists()

    def test_works_by_the_page(self, client: Client, label: Label) -> None:
        seen(client, label.code, "a" * 20)
        told = {"device": "a" * 20, "latitude": "282", "longitude": "1129"}
        answer = client.post(f"/T/{label.code}/place/", told)
        assert answer.status_code == 200
        assert "the town" in answer.json()["words"]
        assert ScanPlace.objects.count() == 1

    @pytest.mark.parametrize(
        "told",
        [
            {},
            {"latitude": "28.2", "longitude": "112.9"},
            {"latitude": "901", "longitude": "0"},
            {"latitude": "x", "longitude": "9" * 400},
        ],
    )
    def test_refuses_what_is_no_place_or_exact(
        self, client: Client, label: Label, told: dict[str, str]
    ) -> None:
        seen(client, label.code, "a" * 20)
        answer = client.post(f"/T/{label.code}/place/", told | {"device": "a" * 20})
        assert answer.status_code == 422
        assert answer.json()["words"]
        assert not ScanPlace.objects.exists()

    def test_of_a_forged_code_is_a_sentence(self, client: Client) -> None:
        told = {"device": "a" * 20, "latitude": "282", "longitude": "1129"}
        answer = client.post(f"/T/{'0' * 20}/place/", told)
        assert (answer.status_code, bool(answer.json()["words"])) == (409, True)


class TestNetwork:
    @pytest.fixture
    def database(self, settings: Any, tmp_path: Path) -> None:
        here = {"latitude": 28.2282, "longitude": 112.9388, "accuracy_radius": 50}
        settings.NETWORK_PLACES = str(
            write_mmdb(
                tmp_path / "city.mmdb", network="192.0.2.0/24", facts={"location": here}
            )
        )

    @pytest.mark.usefixtures("database")
    def test_is_known_to_a_town_and_kept_without_address(self, label: Label) -> None:
        client = Client(REMOTE_ADDR="192.0.2.77")
        assert seen(client, label.code, "a" * 20).json()["state"] == "first"
        place = ScanPlace.objects.get()
        assert (place.latitude, place.longitude, place.within_km) == (*CHANGSHA, 50)
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                assert "192.0.2.77" not in str(cursor.fetchall())

    @pytest.mark.usefixtures("database")
    @pytest.mark.parametrize(
        "address", ["198.51.100.1", "unknown", "2001:db8::/64", "", "x/y"]
    )
    def test_another_network_is_nowhere(self, address: str) -> None:
        assert network_place(address) is None

    def test_a_damaged_file_stops_no_scan(
        self, label: Label, settings: Any, tmp_path: Path
    ) -> None:
        (tmp_path / "broken.mmdb").write_bytes(b"x" * 500)
        settings.NETWORK_PLACES = str(tmp_path / "broken.mmdb")
        assert seen(Client(), label.code, "a" * 20).json()["state"] == "first"
        assert not ScanPlace.objects.exists()

    def test_without_a_database_nobody_guesses(self, label: Label) -> None:
        # The negative control: the same network as above.
        client = Client(REMOTE_ADDR="192.0.2.77")
        assert seen(client, label.code, "a" * 20).json()["state"] == "first"
        assert not ScanPlace.objects.exists()


class TestConclude:
    def conclude(self, alarm: CloneAlarm, by: User, **changes: str) -> CloneConclusion:
        said = {"finding": "harmless", "note": "集市上给大家看的"} | changes
        return operations.conclude_clone_alarm(alarm=alarm, by=by, at=NOW, **said)

    def test_the_verdict_follows(
        self, label: Label, copied: CloneAlarm, operator: User
    ) -> None:
        self.conclude(copied, operator)
        assert state(label) == "again"
        assert not CloneAlarm.objects.waiting().exists()

    def test_a_clone_stays_one_and_is_said_to_be(
        self, label: Label, copied: CloneAlarm, operator: User
    ) -> None:
        self.conclude(copied, operator, finding="clone")
        page = text_of(english_client().get(f"/T/{label.code}"))
        assert "The county found that this code was copied" in page

    def test_another_alarm_keeps_its_word(
        self, label: Label, copied: CloneAlarm, operator: User
    ) -> None:
        for phone in "cdef":
            look(label, phone)
        assert CloneAlarm.objects.count() == 2
        self.conclude(copied, operator)
        verdict = queries.judge(text=label.code, device=None, now=NOW)
        assert (verdict.state, verdict.suspicion) == ("suspicious", "rate")

    def test_harmless_is_not_raised_again(
        self, label: Label, copied: CloneAlarm, operator: User
    ) -> None:
        self.conclude(copied, operator)
        looked_from(label, "c", CHANGSHA, at=NOW + HOUR)
        assert state(label) == "again"

    def test_is_said_once_by_an_operator_with_words(
        self, copied: CloneAlarm, operator: User, auditor: User
    ) -> None:
        with pytest.raises(UnableToConcludeClone):
            self.conclude(copied, auditor)
        for wrong in ({"finding": "maybe"}, {"note": " "}):
            with pytest.raises(UnableToConcludeClone):
                self.conclude(copied, operator, **wrong)
        self.conclude(copied, operator)
        with pytest.raises(UnableToConcludeClone):
            self.conclude(copied, operator, finding="clone")
        assert CloneConclusion.objects.get().finding == "harmless"


class TestGuards:
    @pytest.mark.parametrize("model", [ScanPlace, CloneAlarm, CloneConclusion])
    def test_what_was_noted_stays(
        self, copied: CloneAlarm, operator: User, model: Any
    ) -> None:
        operations.conclude_clone_alarm(
            alarm=copied, finding="clone", note="示例", by=operator, at=NOW
        )
        row = model.objects.all()[:1].get()
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.filter(pk=row.pk).delete()
        # The negative control: it is the guard that refuses.
        connection.check_constraints()
        with guards_lifted(connection):
            CloneConclusion.objects.all().delete()
            assert model is CloneConclusion or model.objects.all().delete()[0]
            connection.check_constraints()

    def test_stand(self) -> None:
        with connection.cursor() as cursor:
            assert missing_guards(cursor, connection.vendor, CLONES) == []


@pytest.mark.django_db(transaction=True)
class TestRace:
    def test_many_that_show_it_raise_one(self, label: Label) -> None:
        results = races.at_once(
            *(
                partial(look, label, phone, place=Place(*place, within_km=20))
                for phone, place in zip(
                    "abcdefgh", [CHANGSHA, BEIJING] * 4, strict=True
                )
            )
        )
        assert not [r for r in results if isinstance(r, Exception)], results
        kinds = CloneAlarm.objects.order_by("kind").values_list("kind", flat=True)
        assert list(kinds) == ["distance", "rate"]
        label.refresh_from_db()
        assert (label.scan_count, label.suspicion) == (8, "distance")


class TestMap:
    def test_puts_north_up_and_east_right(self) -> None:
        drawn = draw_map([Spot(39.9, 116.4, "1"), Spot(28.2, 112.9, "2")])
        assert drawn is not None
        beijing, changsha = drawn.dots
        assert beijing.y < changsha.y
        assert beijing.x > changsha.x

    @pytest.mark.parametrize("whole", [True, False])
    def test_keeps_everything_inside(self, whole: bool) -> None:
        spots = [Spot(c.latitude, c.longitude, "1") for c in CITIES]
        spots.append(Spot(52.5, 13.4, "Berlin"))
        drawn = draw_map(spots, whole=whole)
        assert drawn is not None
        for dot in (*drawn.dots, *drawn.cities):
            assert 0 <= dot.x <= WIDTH
            assert 0 <= dot.y <= drawn.height

    def test_writes_no_name_over_another(self) -> None:
        drawn = draw_map([Spot(28.2, 112.9, "")], whole=True)
        assert drawn is not None
        named = [city for city in drawn.cities if city.text]
        assert 10 < len(named) < len(CITIES)
        assert named[0].text in ("北京", "Beijing")

    def test_of_nothing_is_none(self) -> None:
        assert draw_map([]) is None

    def test_distances_are_those_of_the_earth(self) -> None:
        assert km_between((39.9, 116.41), (31.23, 121.47)) == pytest.approx(
            1067, abs=10
        )
        assert km_between((0, 0), (0, 180)) == pytest.approx(20015, abs=20)
        assert "Changsha" in spoken_place(*CHANGSHA) or "长沙" in spoken_place(
            *CHANGSHA
        )


class TestPages:
    def browser(self, user: User) -> Client:
        client = english_client()
        client.force_login(user)
        return client

    def test_show_it_on_a_map_and_take_it_off(
        self, copied: CloneAlarm, operator: User
    ) -> None:
        client = self.browser(operator)
        page = client.get("/backoffice/clones/").content.decode()
        assert f'<a href="/backoffice/clones/{copied.pk}/"><title>' in page
        answer = client.post(
            f"/backoffice/clones/{copied.pk}/", {"finding": "clone", "note": "示例"}
        )
        assert answer.status_code == 302
        assert "No copied code" in text_of(client.get("/backoffice/clones/"))
        assert "The code was copied" in text_of(
            client.get("/backoffice/clones/?part=all")
        )

    def test_tell_phones_apart_and_name_none(
        self, label: Label, copied: CloneAlarm, operator: User
    ) -> None:
        answer = self.browser(operator).get(f"/backoffice/clones/{copied.pk}/")
        words = text_of(answer)
        assert "Around Changsha" in words
        assert "Around Beijing" in words
        for scan in Scan.objects.all():
            assert scan.device not in answer.content.decode()

    def test_without_any_place_say_so(self, label: Label, operator: User) -> None:
        for phone in "abcdef":
            look(label, phone)
        alarm = CloneAlarm.objects.get()
        page = self.browser(operator).get(f"/backoffice/clones/{alarm.pk}/")
        assert "Of none of these checks a place is known." in text_of(page)

    def test_a_report_brings_its_scan(
        self, label: Label, copied: CloneAlarm, operator: User
    ) -> None:
        phone = english_client()
        told = {"message": "不像", "device": "b" * 20}
        phone.post(f"/T/{label.code}/report/", told)
        report = FakeReport.objects.get()
        assert report.ordinal == 2
        words = text_of(self.browser(operator).get(f"/backoffice/reports/{report.pk}/"))
        for fact in ("no. 2", "Around Beijing", "two places too far apart"):
            assert fact in words

    def test_a_report_without_a_scan_is_taken_too(self, label: Label) -> None:
        english_client().post(f"/T/{label.code}/report/", {"message": "不像"})
        assert FakeReport.objects.get().ordinal is None
