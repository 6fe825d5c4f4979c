"""Addresses of payments."""

from django.urls import path

from . import views

app_name = "alipay"

urlpatterns = [
    path("pay/alipay/notify/", views.notify, name="notify"),
    path("pay/alipay/return/", views.come_back, name="return"),
    path("pay/<str:number>/<str:token>/", views.pay, name="pay"),
    path("pay/<str:number>/<str:token>/status/", views.status, name="status"),
    path("pay/<str:number>/<str:token>/news/", views.news, name="news"),
]
