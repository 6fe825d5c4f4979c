"""Every address of the site, joined here and nowhere else."""

from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from shop.config.uploads import upload

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("shop.storefront.urls")),
    path("", include("shop.listings.urls")),
    path("", include("shop.discovery.urls")),
    path("", include("shop.ordering.urls")),
    path("", include("shop.recalls.urls")),
    path("", include("shop.settlement.urls")),
    path("", include("partners.organisations.urls")),
    path("", include("partners.urls")),
    path("backoffice/", include("shop.backoffice.urls")),
    path("", include("shop.users.urls")),
    path("", include("shop.users.backoffice.urls")),
    path("", include("shop.notices.urls")),
    path("", include("shop.jobs.urls")),
    path("backoffice/", apps.get_app_config("partners_backoffice").urls),
    path("", include("logistics.carriers.urls")),
    path("", include("logistics.urls")),
    path("", include("partners.ledger.urls")),
    path("", include("shop.alipay.urls")),
    path("", include("shop.alipay.backoffice.urls")),
    path("", include("traceability.epcis.urls")),
    path("", include("traceability.urls")),
]

if settings.DEMO:
    # The demo has no web server before it that would hand out uploads.
    urlpatterns += [
        path("media/<path:path>", upload),
    ]
