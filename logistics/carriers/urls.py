from django.urls import path

from logistics.carriers import views

app_name = "carriers"
urlpatterns = [path("carriers/push/<slug:carrier>/", views.push, name="push")]
