"""The way of a lot, back and on: every lot of it, drawn and as data."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.traceability import (
    NOW,
    english_client,
    new_batch,
    new_certificate,
    new_lot,
)
from tests.traceability.test_lot_pages import logged_in, words_of
from traceability import drawing, operations, queries
from traceability.models import Label, Lot
from traceability.operations import Portion

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(farmer_wang: Farmer, zhao: User) -> dict[str, Lot]:
    """one ─┬─ half ─┐
        └─ rest  ├─ mixed ── sold        (rest is no part of mixed's way)
    other ───────┘"""
    facts: dict[str, Any] = {"by": zhao, "at": NOW}
    one = new_lot(farmer=farmer_wang, by=zhao)
    other = new_lot(farmer=farmer_wang, by=zhao)
    half, rest = operations.split_lot(lot=one, weights_g=[100_000, 50_000], **facts)
    mixed = operations.merge_lots(
        portions=[Portion(half, 80_000), Portion(other, 20_000)],
        product_name="冰糖橙混装",
        **facts,
    )
    (sold,) = operations.split_lot(lot=mixed, weights_g=[30_000], **facts)
    return {
        "one": one,
        "other": other,
        "half": half,
        "rest": rest,
        "mixed": mixed,
        "sold": sold,
    }


def data_of(user: User, lot: Lot) -> Any:
    answer = logged_in(user).get(f"/assistant/lots/{lot.number}/trace.json")
    assert answer["Content-Type"] == "application/json"
    return json.loads(answer.content)


class TestData:
    def test_has_every_lot_back_and_on_and_no_other(
        self, family: dict[str, Lot], zhao: User
    ) -> None:
        data = data_of(zhao, family["mixed"])
        told = {lot["number"]: lot["relation"] for lot in data["lots"]}
        assert told == {
            family["one"].number: "origin",
            family["other"].number: "origin",
            family["half"].number: "origin",
            family["mixed"].number: "self",
            family["sold"].number: "result",
        }
        links = {(link["from"], link["to"]): link["weight_g"] for link in data["links"]}
        assert links == {
            (family["one"].number, family["half"].number): 100_000,
            (family["half"].number, family["mixed"].number): 80_000,
            (family["other"].number, family["mixed"].number): 20_000,
            (family["mixed"].number, family["sold"].number): 30_000,
        }

    def test_weights_flow_without_a_gram_lost(
        self, family: dict[str, Lot], zhao: User
    ) -> None:
        data = data_of(zhao, family["one"])
        for lot in data["lots"]:
            moved = sum(
                link["weight_g"]
                for link in data["links"]
                if link["from"] == lot["number"]
            )
            if lot["relation"] != "origin":
                assert lot["moved_on_g"] == moved
            whole = lot["moved_on_g"] + lot["certified_g"] + lot["free_g"]
            assert whole == lot["weight_g"]

    def test_counts_labels_and_tells_recalls(
        self, family: dict[str, Lot], zhao: User, operator: User
    ) -> None:
        sold = family["sold"]
        certificate = new_certificate(lot=sold, by=zhao, quantity_g=30_000)
        batch = new_batch(certificate=certificate, by=zhao)
        operations.pack_label(code=batch.first_code, by=zhao, at=NOW)
        operations.recall_lot(lot=family["half"], reason="示例", by=operator, at=NOW)
        lots = {lot["number"]: lot for lot in data_of(zhao, family["one"])["lots"]}
        told = lots[sold.number]
        assert (told["labels"], told["labels_on_packages"]) == (10, 1)
        recalled = {number for number, lot in lots.items() if lot["recalled"]}
        assert recalled == {family[it].number for it in ("half", "mixed", "sold")}

    def test_names_nobody(self, family: dict[str, Lot], zhao: User) -> None:
        text = json.dumps(data_of(zhao, family["mixed"]), ensure_ascii=False)
        for secret in ("王", "10000000009", zhao.name):
            assert secret not in text.replace("王家坡", "")

    def test_asks_a_fixed_number_of_questions(
        self,
        family: dict[str, Lot],
        farmer_wang: Farmer,
        zhao: User,
        django_assert_max_num_queries: Any,
    ) -> None:
        for _more in range(5):
            extra = new_lot(farmer=farmer_wang, by=zhao)
            operations.merge_lots(
                portions=[Portion(family["sold"], 100), Portion(extra, 100)],
                product_name="混装",
                by=zhao,
                at=NOW,
            )
        with django_assert_max_num_queries(14):
            queries.lot_trace(family["mixed"])


class TestDrawing:
    def test_draws_every_lot_under_what_went_into_it(
        self, family: dict[str, Lot]
    ) -> None:
        drawn = drawing.draw(queries.lot_trace(family["mixed"]))
        places = {box.one.lot.pk: box for box in drawn.boxes}
        assert len(places) == 5
        assert len(drawn.lines) == 4
        for line in drawn.lines:
            assert places[line.link.parent_id].y < places[line.link.child_id].y
        corners = {(box.x, box.y) for box in drawn.boxes}
        assert len(corners) == 5
        for x, y in corners:
            assert 0 <= x <= drawn.width - drawing.BOX_WIDTH
            assert 0 <= y <= drawn.height - drawing.BOX_HEIGHT

    def test_goes_around_what_stands_between(
        self, lot: Lot, farmer_wang: Farmer, zhao: User
    ) -> None:
        # A part, and some of the whole beside it, in one lot: two ways of two lengths.
        (part,) = operations.split_lot(lot=lot, weights_g=[9_000], by=zhao, at=NOW)
        mixed = operations.merge_lots(
            portions=[Portion(lot, 1_000), Portion(part, 9_000)],
            product_name="混装",
            by=zhao,
            at=NOW,
        )
        for asked in (lot, mixed):
            drawn = drawing.draw(queries.lot_trace(asked))
            assert len({box.y for box in drawn.boxes}) == 3
            (around,) = (one for one in drawn.lines if "V" in one.path)
            assert (around.link.parent, around.link.child) == (lot, mixed)
            right = max(box.x for box in drawn.boxes) + drawing.BOX_WIDTH
            lane = int(around.path.split("V")[0].split()[-2])
            assert right < lane < drawn.width

    def test_leaves_out_what_no_eye_follows_and_says_so(
        self, lot: Lot, zhao: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        operations.split_lot(lot=lot, weights_g=[100] * 5, by=zhao, at=NOW)
        monkeypatch.setattr(drawing, "MOST_BOXES", 4)
        drawn = drawing.draw(queries.lot_trace(lot))
        assert (len(drawn.boxes), drawn.left_out) == (4, 2)
        assert any(box.one.relation == "self" for box in drawn.boxes)
        page = words_of(logged_in(zhao).get(f"/assistant/lots/{lot.number}/trace/"))
        assert "2 lots further away are not drawn" in page

    def test_a_wide_layer_is_not_wider_than_a_hand_scrolls(
        self, lot: Lot, zhao: User
    ) -> None:
        operations.split_lot(lot=lot, weights_g=[1_000] * 30, by=zhao, at=NOW)
        drawn = drawing.draw(queries.lot_trace(lot))
        assert len(drawn.boxes) == 1 + drawing.MOST_ABREAST
        assert drawn.left_out == 30 - drawing.MOST_ABREAST
        assert drawn.width < 2_200

    def test_lists_so_many_and_tells_the_rest_as_data(
        self, lot: Lot, zhao: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("traceability.views.tracing.MOST_ROWS", 5)
        operations.split_lot(lot=lot, weights_g=[1_000] * 10, by=zhao, at=NOW)
        page = words_of(logged_in(zhao).get(f"/assistant/lots/{lot.number}/trace/"))
        assert "6 lots further away are only in the data" in page
        assert len(data_of(zhao, lot)["lots"]) == 11

    def test_is_on_the_page_with_a_table_of_the_same(
        self, family: dict[str, Lot], zhao: User
    ) -> None:
        address = f"/assistant/lots/{family['mixed'].number}/trace/"
        page = logged_in(zhao).get(address).content.decode()
        page = page[page.index('class="surface trace"') :]
        svg = page[page.index("<svg") : page.index("</svg>") + 6]
        assert "style=" not in svg
        boxes = ElementTree.fromstring(svg).findall("a")
        assert len(boxes) == 5
        table = page[page.index("</svg>") :]
        for name, lot in family.items():
            assert (lot.number in svg) == (lot.number in table) == (name != "rest")

    def test_stands_alone_where_nothing_was_moved(self, lot: Lot, zhao: User) -> None:
        page = words_of(logged_in(zhao).get(f"/assistant/lots/{lot.number}/trace/"))
        assert "It came from no other lot" in page


class TestHistory:
    def test_a_part_tells_what_happened_before_it_was_split(
        self, lot: Lot, farmer_wang: Farmer, zhao: User
    ) -> None:
        for kind in ("sow", "harvest"):
            operations.record_event(
                lot=lot, kind=kind, happened_at=NOW, by=zhao, at=NOW
            )
        (part,) = operations.split_lot(lot=lot, weights_g=[50_000], by=zhao, at=NOW)
        certificate = new_certificate(lot=part, by=zhao, quantity_g=50_000)
        code = new_batch(certificate=certificate, by=zhao).first_code
        operations.pack_label(code=code, by=zhao, at=NOW)
        page = words_of(english_client().get(f"/T/{code}"))
        assert "Sown or planted" in page
        assert "Harvested" in page

    def test_tells_nothing_of_its_other_parts(self, label: Label, zhao: User) -> None:
        lot = label.lot
        (part,) = operations.split_lot(lot=lot, weights_g=[1_000], by=zhao, at=NOW)
        operations.record_event(
            lot=part, kind="ship", happened_at=NOW, note="别处", by=zhao, at=NOW
        )
        assert "别处" not in words_of(english_client().get(f"/T/{label.code}"))
