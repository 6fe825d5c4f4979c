"""The Elasticsearch that the tests may use, and cleaning up after each of them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from shop.discovery.elastic.client import Place
from shop.discovery.elastic.engine import ElasticEngine

# Slow machines run these too; how long a page waits is tested elsewhere.
PATIENCE = 20.0


def missing() -> str:
    """Why there is no Elasticsearch to test on; empty where there is one."""
    if settings.ELASTICSEARCH_NODES:
        return ""
    return "no Elasticsearch: set ELASTICSEARCH_URL (`make services` starts one)"


def place() -> Place:
    return Place(
        nodes=tuple(settings.ELASTICSEARCH_NODES),
        user=settings.ELASTICSEARCH_USER,
        password=settings.ELASTICSEARCH_PASSWORD,
    )


@contextmanager
def engine_of_its_own(**given: object) -> Iterator[ElasticEngine]:
    """An engine under names that nobody else has, forgotten afterwards."""
    prefix = f"{settings.ELASTICSEARCH_PREFIX}-{uuid.uuid4().hex[:8]}"
    engine = ElasticEngine(
        place(),
        prefix=prefix,
        **({"patience": PATIENCE, "visible_at_once": True} | given),  # type: ignore[arg-type]
    )
    try:
        yield engine
    finally:
        client = engine._slow
        found = client.indices.get_alias(index=f"{prefix}-*")
        for index in found:
            client.indices.delete(index=index)
        client.options(ignore_status=404).indices.delete_index_template(
            name=engine.names.live
        )
