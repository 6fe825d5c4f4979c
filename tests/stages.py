"""Which tests run on the embedded sizes, which on real servers, which on both.

`make test` runs what needs no server; a test of a page or a sentence says the same on
PostgreSQL. What minds the difference is run there too, and what takes long and matters
most where a county stands is run there alone. `make test-services TESTS=tests` runs
everything on real servers.
"""

import pytest

# Kills at every step, and nonsense in every field.
SERVICES = ("tests/faults/", "tests/access/test_nonsense.py")
# Locks, guards, counters, statements of our own, caches, brokers, search.
BOTH = (
    "tests/logistics/test_hand_over.py",
    "tests/partners/ledger/",
    "tests/partners/test_limits.py",
    "tests/shop/alipay/test_notices.py",
    "tests/shop/alipay/test_refunds.py",
    "tests/shop/config/",
    "tests/shop/discovery/",
    "tests/shop/ordering/test_money_walks.py",
    "tests/shop/ordering/test_place_order.py",
    "tests/shop/recalls/",
    "tests/shop/settlement/",
    "tests/shop/watching/",
    "tests/traceability/epcis/test_asking.py",
    "tests/traceability/epcis/test_capture.py",
    "tests/traceability/epcis/test_own_life.py",
    "tests/traceability/test_clones.py",
    "tests/traceability/test_imports.py",
    "tests/traceability/test_keys.py",
    "tests/traceability/test_kept_scans.py",
    "tests/traceability/test_labels.py",
    "tests/traceability/test_log.py",
    "tests/traceability/test_lots.py",
    "tests/traceability/test_partitions.py",
    "tests/traceability/test_prints.py",
    "tests/traceability/test_quotas.py",
    "tests/traceability/test_records.py",
    "tests/traceability/test_scratch.py",
    "tests/traceability/test_signed.py",
)
# A file of such a name, wherever it is.
BOTH_NAMES = ("guards.py", "races.py", "queries.py", "crash.py")


def place(item: pytest.Item) -> None:
    """Mark a test `services` or `both`, where it is one of these."""
    path = item.nodeid.partition("::")[0]
    if path.startswith(SERVICES):
        item.add_marker("services")
    elif path.startswith(BOTH) or path.endswith(BOTH_NAMES) or _commits(item):
        item.add_marker("both")


def _commits(item: pytest.Item) -> bool:
    """Whether it commits, as races do, or asks for a database by its name."""
    commits = any(m.kwargs.get("transaction") for m in item.iter_markers("django_db"))
    return commits or item.get_closest_marker("only_on") is not None
