"""The site's addresses and, beside them, a bare view: the least a page can cost."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from shop.config.urls import urlpatterns as market


def bare(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"ok", content_type="text/plain")


urlpatterns = [path("ok", bare), *market]
