from django.urls import path

from shop.alipay.backoffice import views

app_name = "alipay_backoffice"

urlpatterns = [
    path("backoffice/payments/", views.payments, name="payments"),
    path("backoffice/payments/<int:pk>/ask/", views.ask, name="ask"),
    path("backoffice/differences/<int:pk>/", views.settle, name="settle"),
]
