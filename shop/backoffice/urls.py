from django.urls import path

from shop.backoffice import views

app_name = "backoffice"
urlpatterns = [
    path("", views.today, name="today"),
    path("orders/", views.orders, name="orders"),
    path("listings/", views.listings, name="listings"),
]
