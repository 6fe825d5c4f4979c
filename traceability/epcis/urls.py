"""EPCIS 2.0 for programs, and the page on which staff let them in."""

from django.urls import path

from traceability.epcis import letting_in, views

app_name = "epcis"

urlpatterns = [
    path("epcis/", views.resources, name="resources"),
    path("epcis/capture", views.capture, name="capture"),
    path("epcis/capture/<str:job_id>", views.job, name="job"),
    path("epcis/events", views.events, name="events"),
    path("epcis/events/<path:event_id>", views.event, name="event"),
    path("backoffice/exchange/", letting_in.partners, name="partners"),
    path("backoffice/exchange/<int:pk>/give/", letting_in.give, name="access_give"),
    path("backoffice/exchange/access/<int:pk>/end/", letting_in.end, name="access_end"),
]
