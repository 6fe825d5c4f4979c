from django.urls import path

from shop.ordering.views import basket, checkout, order, packing

app_name = "ordering"
urlpatterns = [
    path("basket/", basket.basket, name="basket"),
    path("basket/badge/", basket.badge, name="badge"),
    path("basket/add/<int:product_id>/", basket.basket_add, name="basket_add"),
    path("checkout/address/", checkout.paste, name="paste"),
    path("checkout/", checkout.checkout, name="checkout"),
    path("orders/<str:number>/<str:token>/", order.order, name="order"),
    path("orders/<str:number>/<str:token>/cancel/", order.cancel, name="cancel"),
    path(
        "orders/<str:number>/<str:token>/recalled/",
        order.take_back,
        name="take_back",
    ),
    path("orders/<str:number>/<str:token>/again/", order.again, name="again"),
    path("assistant/packing/", packing.packing, name="packing"),
    path("assistant/packing/<int:pk>/", packing.box, name="box"),
]
