"""EPCIS 2.0 for programs, GS1 Digital Links, and the page on which staff let programs
in and register GTINs."""

from django.urls import path, re_path

from traceability.epcis import letting_in, records, resolving, views

app_name = "epcis"

urlpatterns = [
    path("developers/", views.developers, name="developers"),
    path("epcis/", views.resources, name="resources"),
    path("epcis/openapi.json", views.description, name="openapi"),
    path("epcis/capture", views.capture, name="capture"),
    path("epcis/capture/<str:job_id>", views.job, name="job"),
    path("epcis/events", views.events, name="events"),
    path("epcis/events/<path:event_id>", views.event, name="event"),
    path("epcis/queries", views.named_queries, name="queries"),
    path("epcis/queries/<str:name>", views.named_query, name="query"),
    path(
        "epcis/queries/<str:name>/events", views.named_query_events, name="query_events"
    ),
    path(
        "epcis/queries/<str:name>/subscriptions",
        views.subscriptions,
        name="subscriptions",
    ),
    re_path(r"^01/(?P<gtin>[^/]{1,20})/?$", resolving.resolve, name="link_product"),
    re_path(
        r"^01/(?P<gtin>[^/]{1,20})/10/(?P<lot>[^/]{1,20})/?$",
        resolving.resolve,
        name="link_lot",
    ),
    re_path(
        r"^01/(?P<gtin>[^/]{1,20})(?:/10/(?P<lot>[^/]{1,20}))?/21/(?P<code>[^/]{1,80})/?$",
        resolving.resolve,
        name="link_label",
    ),
    path(".well-known/gs1resolver", resolving.description, name="resolver"),
    path("api/trace/openapi.json", records.description, name="records_openapi"),
    path("api/trace/records/<str:name>", records.part, name="records"),
    path("backoffice/exchange/gtins/", letting_in.new_item, name="item_new"),
    path(
        "backoffice/exchange/gtins/<int:pk>/end/", letting_in.end_item, name="item_end"
    ),
    path("backoffice/exchange/", letting_in.partners, name="partners"),
    path("backoffice/exchange/<int:pk>/give/", letting_in.give, name="access_give"),
    path("backoffice/exchange/access/<int:pk>/end/", letting_in.end, name="access_end"),
]
