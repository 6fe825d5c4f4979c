"""What recalls reached, for staff."""

from django.urls import path

from shop.recalls import views

app_name = "recalls"
urlpatterns = [
    path("backoffice/recalls/", views.recalls, name="recalls"),
    path("backoffice/recalls/<str:number>/", views.report, name="report"),
    path("backoffice/recalls/<str:number>/told.csv", views.sheet, name="sheet"),
    path("backoffice/recalls/<str:number>/again/", views.again, name="again"),
    path("backoffice/recalls/<int:pk>/reached/", views.reached, name="reached"),
]
