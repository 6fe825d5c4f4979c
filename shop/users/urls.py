"""Logging in and out, and the page about oneself."""

from django.urls import path

from shop.users import views

app_name = "users"

urlpatterns = [
    path("login/", views.login, name="login"),
    path("login/code/", views.code, name="code"),
    path("login/password/", views.password, name="password"),
    path("login/again/", views.again, name="again"),
    path("logout/", views.logout, name="logout"),
    path("me/", views.me, name="me"),
    path("me/name/", views.name, name="name"),
    path("me/password/", views.new_password, name="new_password"),
]
