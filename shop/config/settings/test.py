"""What the tests run on: the local sizes, in memory, with quick hashes."""

import os
import tempfile
from pathlib import Path

if "XIANGJI_VAR" not in os.environ:
    # Whoever made the folder takes it away at the end; its children only use it.
    _made = tempfile.TemporaryDirectory(
        prefix="xiangji-test-", ignore_cleanup_errors=True
    )
    os.environ["XIANGJI_VAR"] = _made.name
# Tests never talk to the gateway that the surrounding shell is set up for.
os.environ.pop("ALIPAY_GATEWAY", None)

from .local import *  # noqa: F403
from .local import (
    CELERY_BROKER_URL,
    ELASTICSEARCH_PREFIX,
    REDIS_URL,
    VAR,
    shared_cache,
)

ROOT_VAR = Path(VAR)
# A test compares what it counted; processes that test beside it share VAR.
METRICS_FOLDER = Path(tempfile.mkdtemp(prefix="metrics-", dir=ROOT_VAR))
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(METRICS_FOLDER)
# Nobody collects files for tests; WhiteNoise warns of a folder that is not there.
(ROOT_VAR / "static").mkdir(parents=True, exist_ok=True)
SECRET_KEY = "test"
FIELD_SECRET = "test-field-secret"
BLIND_INDEX_SECRET = "test-blind-index-secret"
LABEL_SECRET = "test-label-secret"
SCAN_SALT = "test-scan-salt"
# Tests of keys make a root of their own; all others need none.
ROOT_KEY_FILE = ""
KUAIDI100_SECRET = "test-carrier-secret"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
STORAGES = {
    "default": {"BACKEND": "partners.whole_files.WholeFiles"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATABASES["default"].setdefault("TEST", {})  # noqa: F405
if "sqlite3" in DATABASES["default"]["ENGINE"]:  # noqa: F405
    # A file, not memory: races need a second connection to the same rows.
    DATABASES["default"]["TEST"]["NAME"] = ROOT_VAR / "test.sqlite3"  # noqa: F405

# Processes that test side by side may share servers, and nothing on them. Each has its
# database from pytest-django; from here its two databases of Redis, and its indices.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
ELASTICSEARCH_PREFIX = f"{ELASTICSEARCH_PREFIX}-test-{WORKER}"
if REDIS_URL:
    REDIS_URL = f"{REDIS_URL.rpartition('/')[0]}/{2 * WORKER}"
    CACHES = {"default": shared_cache(REDIS_URL)}
# Celery believes the environment before it believes these settings.
os.environ.pop("CELERY_BROKER_URL", None)
if CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_URL = f"{CELERY_BROKER_URL.rpartition('/')[0]}/{2 * WORKER + 1}"
