"""A buyer finds their orders on the page "mine", and nobody else's."""

import pytest

from shop.ordering import queries
from shop.users.operations import register_user
from tests.factories.people import SOME_DAY, new_user
from tests.shop.ordering.test_place_order import basket_with, place

pytestmark = pytest.mark.django_db


class TestMyOrders:
    def test_an_order_made_logged_in_is_on_my_page(self, client, oranges, buyer):
        order = place(basket_with((oranges, 1)), user=buyer)
        client.force_login(buyer)
        page = client.get("/me/").content.decode()
        assert order.purchase.path in page

    def test_a_guests_order_is_found_by_the_number_it_was_made_with(self, oranges):
        order = place(basket_with((oranges, 1)))
        owner = register_user(phone="10012345678", at=SOME_DAY)
        assert list(queries.orders_of(owner)) == [order]

    def test_what_somebody_else_had_sent_to_me_stays_theirs(self, oranges, buyer):
        place(basket_with((oranges, 1)), user=buyer)
        receiver = register_user(phone="10012345678", at=SOME_DAY)
        assert not queries.orders_of(receiver)

    def test_a_stranger_finds_nothing(self, client, oranges, buyer):
        order = place(basket_with((oranges, 1)), user=buyer)
        client.force_login(new_user())
        page = client.get("/me/").content.decode()
        assert order.number not in page

    def test_more_orders_ask_no_more(
        self, client, oranges, buyer, django_assert_max_num_queries
    ):
        for number in range(6):
            place(basket_with((oranges, 1)), user=buyer, key=f"{number:032d}")
        client.force_login(buyer)
        with django_assert_max_num_queries(9):
            client.get("/me/")
