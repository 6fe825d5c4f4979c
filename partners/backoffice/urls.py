"""Addresses of the staff pages, under /backoffice/."""

from django.urls import path

from partners.backoffice.views import (
    findings,
    households,
    money,
    registering,
    statements,
    supermarkets,
    villages,
)

urlpatterns = [
    path("statements/", statements.index, name="statements"),
    path("statements/<int:pk>/", statements.detail, name="statement"),
    path("statements/<int:pk>/original/", statements.file, name="file"),
    path("statements/<int:pk>/approve/", statements.approve, name="approve"),
    path("statements/<int:pk>/return/", statements.send_back, name="return"),
    path("shares/", money.index, name="shares"),
    path("shares/<int:pk>/pay-in/", money.pay_in, name="pay_in"),
    path("supermarkets/", supermarkets.index, name="supermarkets"),
    path("supermarkets/new/", supermarkets.new, name="supermarket_new"),
    path("supermarkets/<int:pk>/", supermarkets.detail, name="supermarket"),
    path("supermarkets/<int:pk>/managers/", supermarkets.appoint, name="manager_new"),
    path(
        "supermarkets/<int:pk>/managers/<int:manager>/dismiss/",
        supermarkets.dismiss,
        name="manager_dismiss",
    ),
    path("supermarkets/<int:pk>/sign/", supermarkets.sign, name="sign"),
    path("agreements/<int:pk>/", supermarkets.agreement, name="agreement"),
    path("pairings/<int:pk>/end/", supermarkets.end_pairing, name="pairing_end"),
    path("households/", households.index, name="households"),
    path("households/new/", registering.new, name="household_new"),
    path("households/<str:number>/", households.detail, name="household"),
    path("households/<str:number>/pair/", registering.pair, name="pair"),
    path("households/<str:number>/card/", registering.card, name="card"),
    path("households/<str:number>/contact/", registering.contact, name="contact"),
    path("households/<str:number>/members/new/", registering.member, name="member_new"),
    path("households/<str:number>/links/end/", registering.end_links, name="links_end"),
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
    path("villages/", villages.index, name="villages"),
    path("villages/<str:code>/", villages.detail, name="village"),
    path("villages/<str:code>/station/", villages.station, name="station"),
    path("villages/<str:code>/assistants/", villages.appoint, name="assistant_new"),
    path(
        "villages/<str:code>/assistants/<int:pk>/dismiss/",
        villages.dismiss,
        name="assistant_dismiss",
    ),
    path("villages/<str:code>/farmers/new/", villages.new_farmer, name="farmer_new"),
    path(
        "villages/<str:code>/cooperatives/new/",
        villages.new_cooperative,
        name="cooperative_new",
    ),
    path("findings/", findings.index, name="findings"),
    path("findings/<int:pk>/", findings.detail, name="finding"),
    path("facts/", findings.facts, name="facts"),
]
