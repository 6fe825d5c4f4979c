"""Text messages as pages."""

from django.urls import path

from shop.notices import views

app_name = "notices"

urlpatterns = [
    path("demo/outbox/", views.outbox, name="outbox"),
    path("backoffice/texts/", views.texts, name="texts"),
    path("backoffice/texts/<int:pk>/again/", views.again, name="again"),
]
