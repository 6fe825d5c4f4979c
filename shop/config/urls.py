"""Every address of the site, joined here and nowhere else."""

from django.conf import settings
from django.conf.urls.static import static
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("shop.storefront.urls")),
    path("", include("shop.ordering.urls")),
    path("", include("shop.settlement.urls")),
    path("backoffice/", include("shop.backoffice.urls")),
    path("", include("shop.users.urls")),
    path("", include("shop.users.backoffice.urls")),
    path("", include("shop.notices.urls")),
    path("", include("logistics.carriers.urls")),
    path("", include("logistics.urls")),
    path("", include("shop.alipay.urls")),
    path("", include("traceability.urls")),
]

if settings.DEMO:
    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)
