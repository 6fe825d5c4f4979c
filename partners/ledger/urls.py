from django.urls import path

from . import views

app_name = "ledger"
urlpatterns = [
    path("board/entries/<uuid:entry_id>/", views.entry, name="entry"),
]
