"""The operator's pages about people."""

from django.urls import path

from shop.users.backoffice import views

app_name = "users_backoffice"

urlpatterns = [
    path("backoffice/people/", views.people, name="people"),
    path("backoffice/people/new/", views.new, name="new"),
    path("backoffice/people/<int:pk>/", views.person, name="person"),
    path("backoffice/people/<int:pk>/grant/", views.grant, name="grant"),
    path("backoffice/people/<int:pk>/revoke/", views.revoke, name="revoke"),
    path(
        "backoffice/people/<int:pk>/authenticator/",
        views.reset_authenticator,
        name="reset_authenticator",
    ),
    path("backoffice/people/<int:pk>/appoint/", views.appoint, name="appoint"),
]
