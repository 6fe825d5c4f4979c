"""Where people search."""

from django.urls import path

from shop.discovery import views

app_name = "discovery"
urlpatterns = [path("search/", views.search, name="search")]
