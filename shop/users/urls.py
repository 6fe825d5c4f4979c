"""Logging in and out, and the page about oneself."""

from django.urls import path

from shop.users import second_step, views

app_name = "users"

urlpatterns = [
    path("login/", views.login, name="login"),
    path("login/code/", views.code, name="code"),
    path("login/password/", views.password, name="password"),
    path("login/again/", views.again, name="again"),
    path("login/second/", second_step.ask, name="ask"),
    path("login/second/new/", second_step.enrol, name="enrol"),
    path("logout/", views.logout, name="logout"),
    path("me/", views.me, name="me"),
    path("me/name/", views.name, name="name"),
    path("me/second/", second_step.authenticator, name="authenticator"),
    path("me/password/", views.new_password, name="new_password"),
]
