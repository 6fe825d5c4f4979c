"""Where log lines go, and which of other people's stay out."""

from typing import Any


def logging_as(shape: str) -> dict[str, Any]:
    """Every line to the console, in a shape of shop/watching/logs.py."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"shop.watching.logs.{shape}Lines"}},
        "handlers": {
            "console": {"class": "shop.watching.console.Console", "formatter": "line"}
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            # Django's own handlers would print twice, and mail whole requests.
            "django": {"handlers": [], "level": "INFO"},
            # What is not found or not allowed has its line; what breaks needs a second.
            "django.request": {"level": "ERROR"},
            # Whoever calls us by another's name is no error of ours.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # A line of ours says the same without a job's arguments.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            # Tells every table of every font it cuts, for each document.
            "fontTools": {"level": "WARNING"},
            "elastic_transport": {"level": "WARNING"},
        },
    }
