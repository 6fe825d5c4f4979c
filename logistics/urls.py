from django.urls import path

from logistics import views

app_name = "logistics"
urlpatterns = [
    path("address/parse/", views.read, name="read_address"),
    path("address/children/<slug:code>/", views.places, name="places"),
]
