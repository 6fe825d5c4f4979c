from django.urls import path

from shop.settlement import views

app_name = "settlement"
urlpatterns = [
    path("farmer/", views.my_owed, name="my_owed"),
    path("farmer/<str:token>/", views.owed, name="owed"),
]
