"""The market's public pages."""

from django.urls import path

from . import views

app_name = "storefront"

urlpatterns = [
    path("", views.home, name="home"),
    path("c/<slug:slug>/", views.category, name="category"),
    path("p/<slug:slug>-<int:pk>/", views.product, name="product"),
    path("villages/", views.villages, name="villages"),
    path("v/<str:code>/", views.village, name="village"),
    path("farmers/<int:pk>/", views.farmer, name="farmer"),
    path("calendar/", views.calendar, name="calendar"),
    path("reading/", views.reading, name="reading"),
]
