"""Scans, certificates, the public log, and the assistant's lots."""

from django.urls import path, re_path

from traceability.views import (
    box_codes,
    certificates,
    clones,
    corrections,
    imports,
    log,
    log_alarms,
    lots,
    moves,
    offline,
    prints,
    quotas,
    records,
    reports,
    scans,
    tracing,
    withdrawals,
)

app_name = "traceability"

_CODE = r"^[Tt]/(?P<text>[^/]{1,80})"

urlpatterns = [
    re_path(r"^[Tt]/$", scans.ask, name="ask"),
    re_path(rf"{_CODE}/seen/$", scans.seen, name="seen"),
    re_path(rf"{_CODE}/scratch/$", scans.scratch, name="scratch"),
    re_path(rf"{_CODE}/place/$", scans.place, name="place"),
    re_path(rf"{_CODE}/report/$", scans.report, name="report"),
    re_path(rf"{_CODE}/?$", scans.scan, name="scan"),
    path("verify/", offline.app, name="offline"),
    path("verify/worker.js", offline.worker, name="offline_worker"),
    path("verify/app.webmanifest", offline.manifest, name="offline_manifest"),
    path("V/", offline.bare, name="box_bare"),
    re_path(r"^V/(?P<text>[^/]{1,700})/?$", box_codes.box_code, name="box_code"),
    # Villages live at /v/, under twelve digits.
    re_path(
        r"^v/(?P<text>[a-z2-7]{100,700})/?$", box_codes.box_code, name="box_code_small"
    ),
    path("certificates/<str:number>/", certificates.certificate, name="certificate"),
    path(
        "certificates/<str:number>/certificate.pdf",
        certificates.certificate_as_pdf,
        name="certificate_pdf",
    ),
    path(
        "certificates/<str:number>/document.json",
        certificates.document,
        name="document",
    ),
    path(
        "certificates/<str:number>/proof.tlog-proof", certificates.proof, name="proof"
    ),
    path(
        "certificates/<str:number>/proof.json",
        certificates.proof_as_json,
        name="proof_json",
    ),
    path(
        "certificates/<str:number>/credential.json",
        certificates.credential,
        name="credential",
    ),
    path(".well-known/did.json", certificates.controller, name="did"),
    path("backoffice/lots/<str:number>/recall/", withdrawals.recall, name="recall"),
    path(
        "backoffice/certificates/<str:number>/revoke/",
        withdrawals.revoke,
        name="revoke",
    ),
    path("log/", log.overview, name="log"),
    path("log/verify.py", log.verifier, name="verifier"),
    path("log/<path:name>", log.log_file, name="log_file"),
    path("backoffice/log-alarms/", log_alarms.alarms, name="log_alarms"),
    path("backoffice/log-alarms/<int:pk>/", log_alarms.alarm, name="log_alarm"),
    path("backoffice/clones/", clones.alarms, name="clone_alarms"),
    path("backoffice/clones/<int:pk>/", clones.alarm, name="clone_alarm"),
    path("backoffice/reports/", reports.reports, name="reports"),
    path("backoffice/reports/<int:pk>/", reports.report, name="fake_report"),
    path("backoffice/yields/", quotas.yield_limits, name="yield_limits"),
    path("backoffice/licences/", quotas.licences, name="licences"),
    path("backoffice/licences/<int:pk>/end/", quotas.end_licence, name="licence_end"),
    path("records/", records.records, name="records"),
    path("records/import/", imports.new_import, name="import_new"),
    path("records/import/<int:pk>/", imports.one_import, name="import"),
    re_path(
        r"^records/import/template/(?P<kind>xlsx|plots|lots|events)$",
        imports.template,
        name="import_template",
    ),
    path("records/certificates/", records.register, name="register"),
    re_path(
        r"^records/certificates\.(?P<kind>csv|xlsx)$",
        records.register_file,
        name="register_file",
    ),
    path("backoffice/label-prints/", prints.prints, name="prints"),
    path("assistant/lots/", lots.lots, name="lots"),
    path("assistant/lots/new/", lots.new_lot, name="lot_new"),
    path("assistant/lots/plots/new/", lots.new_plot, name="plot_new"),
    path("assistant/lots/<str:number>/", lots.lot, name="lot"),
    path("assistant/lots/<str:number>/event/", lots.new_event, name="event_new"),
    path(
        "assistant/lots/<str:number>/events/<int:pk>/strike/",
        corrections.strike,
        name="event_strike",
    ),
    path("assistant/lots/<str:number>/trace/", tracing.trace, name="lot_trace"),
    path(
        "assistant/lots/<str:number>/trace.json",
        tracing.trace_as_json,
        name="lot_trace_json",
    ),
    path("assistant/lots/<str:number>/split/", moves.split, name="split"),
    path("assistant/lots/<str:number>/merge/", moves.merge, name="merge"),
    path("assistant/lots/<str:number>/weight/", corrections.take_off, name="take_off"),
    path("assistant/lots/<str:number>/void/", corrections.void, name="void"),
    path(
        "assistant/lots/<str:number>/certificates/<str:certificate>/replace/",
        corrections.supersede,
        name="supersede",
    ),
    path(
        "assistant/lots/<str:number>/evidence/", lots.new_evidence, name="evidence_new"
    ),
    path(
        "assistant/lots/<str:number>/collected/",
        lots.new_collected,
        name="collected_new",
    ),
    path(
        "assistant/lots/<str:number>/certificate/",
        lots.new_certificate,
        name="certificate_new",
    ),
    path(
        "assistant/lots/<str:number>/certificates/<str:certificate>/labels/",
        lots.new_labels,
        name="labels_new",
    ),
    path(
        "assistant/lots/<str:number>/certificates/<str:certificate>/paper.pdf",
        lots.paper_certificate,
        name="certificate_paper",
    ),
    path(
        "assistant/lots/<str:number>/labels/<str:batch>/boxes/",
        box_codes.box_labels,
        name="boxes",
    ),
    path(
        "assistant/lots/<str:number>/certificates/<str:certificate>/label-<slug:paper>.pdf",
        lots.certificate_label,
        name="certificate_label",
    ),
    path(
        "assistant/lots/<str:number>/labels/<str:batch>/print/",
        prints.print_labels,
        name="labels_print",
    ),
    path(
        "assistant/lots/<str:number>/prints/<int:pk>/",
        prints.label_print,
        name="label_print",
    ),
    path(
        "assistant/lots/<str:number>/prints/<int:pk>/<int:ordinal>.<slug:suffix>",
        prints.part,
        name="print_part",
    ),
    path(
        "assistant/lots/<str:number>/prints/<int:pk>/all.<slug:suffix>",
        prints.whole,
        name="print_whole",
    ),
]
