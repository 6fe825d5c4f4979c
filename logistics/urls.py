from django.urls import path

from logistics.views import address, freight

app_name = "logistics"
urlpatterns = [
    path("address/parse/", address.read, name="read_address"),
    path("address/children/<slug:code>/", address.places, name="places"),
    path("backoffice/freight/", freight.index, name="freight"),
    path("backoffice/freight/new/", freight.new, name="freight_new"),
    path("backoffice/freight/<int:pk>/", freight.detail, name="freight_template"),
    path("backoffice/freight/<int:pk>/change/", freight.change, name="freight_change"),
    path("backoffice/freight/<int:pk>/retire/", freight.retire, name="freight_retire"),
]
