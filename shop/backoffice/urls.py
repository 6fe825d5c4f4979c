from django.urls import path

from shop.backoffice import views

app_name = "backoffice"
urlpatterns = [
    path("", views.today, name="today"),
    path("orders/", views.orders, name="orders"),
    path("orders/<str:number>/", views.order, name="order"),
    path("orders/<str:number>/refund/", views.refund, name="refund"),
    path("orders/<str:number>/release/", views.release, name="release"),
    path("listings/", views.listings, name="listings"),
]
