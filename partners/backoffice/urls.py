"""Addresses of the staff pages, under /backoffice/."""

from django.urls import path

from partners.backoffice.views import findings, households, money, statements

urlpatterns = [
    path("statements/", statements.index, name="statements"),
    path("statements/<int:pk>/", statements.detail, name="statement"),
    path("statements/<int:pk>/original/", statements.file, name="file"),
    path("statements/<int:pk>/approve/", statements.approve, name="approve"),
    path("statements/<int:pk>/return/", statements.send_back, name="return"),
    path("shares/", money.index, name="shares"),
    path("shares/<int:pk>/pay-in/", money.pay_in, name="pay_in"),
    path("households/", households.index, name="households"),
    path("households/<str:number>/", households.detail, name="household"),
    path(
        "households/<str:number>/disburse/",
        households.disburse,
        name="disburse",
    ),
    path(
        "disbursements/<str:number>/",
        households.disbursement,
        name="disbursement",
    ),
    path(
        "disbursements/<str:number>/receipt/",
        households.receipt,
        name="receipt",
    ),
    path("photos/<int:pk>-<str:size>.webp", households.photo, name="photo"),
    path("photos/<int:pk>/public/", households.publish, name="publish"),
    path("findings/", findings.index, name="findings"),
    path("findings/<int:pk>/", findings.detail, name="finding"),
    path("facts/", findings.facts, name="facts"),
]
