"""The assistant's desk and the farmer's answer."""

from django.urls import path

from shop.listings.views import answer, drafts, sale, today

app_name = "listings"
urlpatterns = [
    path("assistant/", today.today, name="today"),
    path("assistant/say/", today.say, name="say"),
    path("assistant/listings/", today.overview, name="overview"),
    path("assistant/drafts/clear/", drafts.clear, name="clear"),
    path("assistant/drafts/<int:pk>/", drafts.draft, name="draft"),
    path("assistant/drafts/<int:pk>/photos/", drafts.photos, name="photos"),
    path("assistant/drafts/<int:pk>/drop/", drafts.drop, name="drop"),
    path("assistant/drafts/<int:pk>/take-back/", drafts.take_back, name="take_back"),
    path("assistant/drafts/<int:pk>/again/", drafts.again, name="again"),
    path("assistant/drafts/<int:pk>/send/", drafts.send, name="send"),
    path("assistant/drafts/<int:pk>/code/", drafts.code, name="code"),
    path("assistant/listings/<int:pk>/price/", sale.price, name="price"),
    path("assistant/listings/<int:pk>/stock/", sale.stock, name="stock"),
    path("assistant/listings/<int:pk>/lot/", sale.lot, name="lot"),
    path("assistant/listings/<int:pk>/end/", sale.end, name="end"),
    path("confirm/<str:token>/", answer.confirm, name="confirm"),
]
