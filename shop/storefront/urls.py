"""The market's public pages."""

from django.urls import path

from . import views

app_name = "storefront"

urlpatterns = [
    path("", views.home, name="home"),
    path("reading/", views.reading, name="reading"),
]
