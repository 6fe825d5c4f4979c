"""What beat asks for again, and how often. Every job may run twice without harm."""

from datetime import timedelta

from celery.schedules import crontab

CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "search": {
        "task": "shop.discovery.tasks.index_outdated",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "search.reconcile": {
        "task": "shop.discovery.tasks.reconcile_index",
        "schedule": crontab(hour=4, minute=10),
    },
    "storefront.harvests": {
        "task": "shop.storefront.tasks.bring_harvests_forward",
        "schedule": timedelta(hours=1),
    },
    "old-logins": {"task": "shop.users.tasks.forget_old_logins", "schedule": 3600.0},
    "texts": {"task": "shop.notices.tasks.deliver_due_texts", "schedule": 15.0},
    "traceability.publish-log": {
        "task": "traceability.tasks.publish_log",
        "schedule": 10.0,
    },
    "traceability.gather-cosignatures": {
        "task": "traceability.tasks.gather_cosignatures",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "traceability.watch-log": {
        "task": "traceability.tasks.watch_log",
        "schedule": timedelta(minutes=5),
    },
    "traceability.resume-prints": {
        "task": "traceability.tasks.resume_prints",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "traceability.forget-prints": {
        "task": "traceability.tasks.forget_prints",
        "schedule": timedelta(hours=1),
    },
    "logistics.resume-bookings": {
        "task": "logistics.tasks.resume_bookings",
        "schedule": timedelta(minutes=1),
    },
    "logistics.ask-about-quiet-parcels": {
        "task": "logistics.tasks.ask_about_quiet_parcels",
        "schedule": timedelta(minutes=1),
    },
    "ordering.complete": {
        "task": "shop.ordering.tasks.complete_overdue_orders",
        "schedule": timedelta(minutes=10),
    },
    "ordering.forget-drafts": {
        "task": "shop.ordering.tasks.forget_old_drafts",
        "schedule": timedelta(hours=1),
    },
    "recalls.tell": {
        "task": "shop.recalls.tasks.tell_of_recalls",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    # On three days, because a machine may be off on one; again changes nothing.
    "settlement.statements": {
        "task": "shop.settlement.tasks.file_last_months_statements",
        "schedule": crontab(day_of_month="1-3", hour=4, minute=0),
    },
    "alipay.resolve": {
        "task": "shop.alipay.tasks.resolve",
        "schedule": 15.0,
        # A worker that comes back must not find an hour of these.
        "options": {"expires": 15},
    },
    "alipay.reconcile": {
        "task": "shop.alipay.tasks.reconcile_yesterday",
        "schedule": crontab(hour=10, minute=0),
    },
    "ledger.seal": {"task": "partners.ledger.tasks.seal_entries", "schedule": 15.0},
    "ledger.check": {
        "task": "partners.ledger.tasks.check_ledger",
        "schedule": crontab(minute=20),
    },
    "ledger.export": {
        "task": "partners.ledger.tasks.export_ledger",
        "schedule": crontab(hour=3, minute=30),
    },
}
