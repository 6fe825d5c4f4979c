"""Everything there is to say, as the text that Prometheus reads."""

from collections.abc import Iterator
from pathlib import Path
from time import time

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shop.discovery.breaker import standing
from shop.discovery.engines import configured
from shop.watching.figures import DatabaseCollector
from shop.watching.parts import readiness

CONTENT_TYPE = CONTENT_TYPE_LATEST


class PartsCollector(Collector):
    """How every part of /readyz is."""

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "xiangji_part_ok", "1 where the part answers as it should.", labels=["part"]
        )
        for part, state in readiness.report().parts.items():
            family.add_metric([part], state == "ok")
        yield family


class BreakerCollector(Collector):
    """Which of our breakers rest; their state is the same for all processes."""

    def collect(self) -> Iterator[Metric]:
        engine = configured()  # makes its own
        family = GaugeMetricFamily(
            "xiangji_breaker_open",
            "1 where nobody asks for a while, because asking failed.",
            labels=["breaker"],
        )
        for name, breaker in sorted(standing.items()):
            family.add_metric([name], breaker.is_open())
        del engine
        yield family


class BackupCollector(Collector):
    """How old the newest whole backup is, where this machine sees them."""

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "xiangji_backup_age_seconds", "How long ago the last backup was complete."
        )
        found = Path(settings.BACKUPS).glob("xiangji-*/manifest.json")
        try:
            family.add_metric([], time() - max(path.stat().st_mtime for path in found))
        except (ValueError, OSError):
            return  # none, or none that we may see
        yield family


def exposition() -> bytes:
    """What all processes of this machine counted, and what the database knows."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    registry.register(DatabaseCollector())
    registry.register(PartsCollector())
    registry.register(BreakerCollector())
    registry.register(BackupCollector())
    return generate_latest(registry)
