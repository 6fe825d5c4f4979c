"""The assistant's pages about farmers."""

from django.urls import path

from partners.organisations import views

app_name = "organisations"

urlpatterns = [
    path("assistant/farmers/", views.farmers, name="farmers"),
    path("assistant/farmers/new/", views.register, name="register"),
    path("assistant/farmers/<int:pk>/", views.farmer, name="farmer"),
]
