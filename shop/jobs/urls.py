from django.urls import path

from shop.jobs import views

app_name = "jobs"
urlpatterns = [
    path("backoffice/jobs/", views.jobs, name="jobs"),
    path("backoffice/jobs/<int:pk>/again/", views.again, name="again"),
]
