"""What is the same everywhere. `local`, `test` and `production` build on it."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF

from . import env
from .beat import CELERY_BEAT_SCHEDULE  # noqa: F401  a setting
from .logs import logging_as
from .oscar import *  # noqa: F403  Oscar's options are settings of ours
from .oscar import OSCAR_APPS

ROOT = Path(__file__).resolve().parents[3]
VAR = Path(env.text("XIANGJI_VAR", str(ROOT / "var")))

INSTALLED_APPS = [
    "shop.users",
    "partners",
    "partners.organisations",
    "partners.ledger",
    "partners.supervision",
    "partners.backoffice.apps.PartnersBackofficeConfig",
    "logistics",
    "logistics.carriers",
    "traceability",
    "traceability.epcis",
    *OSCAR_APPS,
    "shop.jobs",
    "shop.notices",
    "shop.alipay",
    "shop.ordering",
    "shop.recalls",
    "shop.settlement",
    "shop.listings",
    "shop.discovery",
    "shop.storefront",
    "shop.backoffice",
    "shop.watching",
    "shop.backups",
    "django.forms",
    "csp",
    "rules.apps.AutodiscoverRulesConfig",
    "treebeard",
]
INSTALLED_APPS = list(dict.fromkeys(INSTALLED_APPS))

MIDDLEWARE = [
    "shop.watching.middleware.WatchMiddleware",
    "shop.storefront.front.KeptMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "shop.storefront.middleware.NoNulMiddleware",
    "shop.storefront.middleware.MethodPageMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "shop.config.urls"
WSGI_APPLICATION = "shop.config.wsgi.application"
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "users:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
SITE_ID = 1
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shop.storefront.context.site",
            ],
            "builtins": [
                "partners.templatetags.market",
                "shop.listings.templatetags.produce",
            ],
        },
    }
]

FORM_RENDERER = "shop.storefront.renderers.MarketRenderer"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [ROOT / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["shop.config.formats"]

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("XIANGJI_STATIC", str(VAR / "static")))
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR / "media"
# Receipts, statements, photos of people: handed out by views only.
PRIVATE_ROOT = VAR / "private"
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640

# No inline code, no foreign host; the payment page is reached by a redirect.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
    }
}


def with_cashier(policy: dict[str, Any], gateway: str) -> dict[str, Any]:
    """The policy, letting a form's answer lead to Alipay's cashier and nowhere else."""
    parts = urlsplit(gateway)
    cashier = [f"{parts.scheme}://{parts.netloc}"]
    if parts.netloc.endswith((".alipay.com", ".alipaydev.com")):
        # The gateway hands the buyer on to other hosts of its own.
        cashier = ["https://*.alipay.com", "https://*.alipaydev.com"]
    directives = policy["DIRECTIVES"] | {"form-action": [SELF, *cashier]}
    return policy | {"DIRECTIVES": directives}


X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Oscar's views import Haystack; we never index or search through it (see
# shop/discovery), so saving a product must not wake it.
HAYSTACK_CONNECTIONS = {
    "default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}
}
HAYSTACK_SIGNAL_PROCESSOR = "haystack.signals.BaseSignalProcessor"


def sqlite(path: Path) -> dict[str, object]:
    """A SQLite database that many processes may write to without losing."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # To open a file and set its pragmas costs more than most pages do.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;"
            ),
        },
    }


def broker_options(url: str, folder: Path) -> dict[str, object]:
    """What Celery must know of the broker at `url`; the embedded one keeps its messages
    as files in `folder`, which must be there before it starts."""
    if url.startswith("redis"):
        # A frozen server must not hold a page for longer: beat comes by anyway.
        return {"socket_timeout": 1, "socket_connect_timeout": 1}
    if not url.startswith("filesystem:"):
        return {}
    (folder / "control").mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder / "control"),
    }


def postgresql(url: str) -> dict[str, object]:
    """A PostgreSQL database from postgresql://user:password@host:port/name."""
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Django switches preparing off; partners.prepared.Prepared asks for it.
        # Cursors of Django's own put values into the text and are never prepared.
        "OPTIONS": {"prepare_threshold": 5},
    }


DATABASE_URL = env.text("DATABASE_URL")
DATABASES = {
    "default": postgresql(DATABASE_URL)
    if DATABASE_URL
    else sqlite(VAR / "xiangji.sqlite3")
}


def shared_cache(url: str) -> dict[str, object]:
    """A cache in Redis that all processes share, from redis://:password@host:port/0."""
    return {
        "BACKEND": "shop.config.cache.SharedCache",
        "LOCATION": url,
        "KEY_PREFIX": "xiangji",
        # Nobody waits longer for what may be lost.
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }


# What may be lost at any time: in each process's memory, or in Redis for all of them.
REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": shared_cache(REDIS_URL)
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# Jobs. Work in progress is a row; a message only says "look at it now".
# With a host, which files do not need, or kombu warns that it took one by itself.
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "filesystem://localhost")
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(CELERY_BROKER_URL, VAR / "broker")
# Workers wait for a broker that is away as long as it takes; pages do not.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 0}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# Search: the embedded engine, or Elasticsearch where its nodes are named.
SEARCH_ENGINES = {
    "sqlite": "shop.discovery.sqlite_engine.SqliteEngine",
    "elasticsearch": "shop.discovery.elastic.engine.ElasticEngine",
}
# http://user:password@host:9200,http://host2:9200: any number of nodes. What is known
# of the account stays out of the addresses, and so out of every log.
ELASTICSEARCH_NODES, _account = env.nodes("ELASTICSEARCH_URL", default_port=9200)
ELASTICSEARCH_USER = env.text("ELASTICSEARCH_USER", _account[0])
ELASTICSEARCH_PASSWORD = env.text("ELASTICSEARCH_PASSWORD", _account[1])
ELASTICSEARCH_CA_FILE = env.text("ELASTICSEARCH_CA_FILE")
# What the names of our indices begin with, for shops that share a cluster.
ELASTICSEARCH_PREFIX = env.text("ELASTICSEARCH_PREFIX", "xiangji")
SEARCH_ENGINE = env.text(
    "SEARCH_ENGINE", "elasticsearch" if ELASTICSEARCH_NODES else "sqlite"
)
SEARCH_ENGINE = SEARCH_ENGINES.get(SEARCH_ENGINE, SEARCH_ENGINE)
if SEARCH_ENGINES["elasticsearch"] == SEARCH_ENGINE and not ELASTICSEARCH_NODES:
    raise env.MissingSetting("Set ELASTICSEARCH_URL: SEARCH_ENGINE needs its nodes.")
# How long the page waits for Elasticsearch before it looks through names instead.
SEARCH_TIMEOUT_SECONDS = 1.0
# The embedded engine keeps its own files here (docs/decisions/0062).
SEARCH_INDEX = VAR / "search"

# Where people reach us; goes into codes, links in messages and payment calls.
BASE_URL = env.text("XIANGJI_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
# What the platform keeps of the price of goods, in basis points.
PLATFORM_FEE_BP = 200
COUNTY_CODE = env.text("XIANGJI_COUNTY", "430722000000")
# Whom buyers call where a village station cannot help; shown on their orders.
COUNTY_PHONE = env.text("XIANGJI_COUNTY_PHONE")

# Phone numbers starting with this are accepted as well: no real person has one.
DEMO_PHONE_PREFIX = ""
DEMO = False

# Alipay. The private key is ours, the public key is Alipay's, both PEM files.
ALIPAY_GATEWAY = env.text("ALIPAY_GATEWAY")
ALIPAY_APP_ID = env.text("ALIPAY_APP_ID")
ALIPAY_SELLER_ID = env.text("ALIPAY_SELLER_ID")
ALIPAY_APP_PRIVATE_KEY_FILE = env.text("ALIPAY_APP_PRIVATE_KEY_FILE")
ALIPAY_PUBLIC_KEY_FILE = env.text("ALIPAY_PUBLIC_KEY_FILE")
ALIPAY_TIMEOUT_SECONDS = 5
ALIPAY_SANDBOX = False

# From one network address: how many logins may be started, and how many tried. The
# address is the one that the last of so many proxies of ours saw.
LOGINS_OF_ADDRESS_AN_HOUR = 120
PROXIES = int(env.text("XIANGJI_PROXIES", "0"))

# Whether county staff must log in with a code from an app as well. Who has set one up
# is always asked for it.
SECOND_STEP_REQUIRED = env.flag("XIANGJI_SECOND_STEP")

# Text messages. The demo shows them on a page, production names its provider.
TEXT_PROVIDER = "shop.notices.providers.outbox.OutboxProvider"
ALIYUN_SMS_ENDPOINT = env.text("ALIYUN_SMS_ENDPOINT", "https://dysmsapi.aliyuncs.com")
ALIYUN_SMS_KEY_ID = env.text("ALIYUN_SMS_KEY_ID")
ALIYUN_SMS_KEY_SECRET = env.text("ALIYUN_SMS_KEY_SECRET")
ALIYUN_SMS_SIGN_NAME = env.text("ALIYUN_SMS_SIGN_NAME", "乡集")
# login_code=SMS_154950909,order_paid=SMS_…: a line of shop/notices/texts.py each, and
# login_code.en=… of all of them for texts in English.
ALIYUN_SMS_TEMPLATES = dict(
    item.split("=", 1) for item in env.items("ALIYUN_SMS_TEMPLATES") if "=" in item
)
ALIYUN_SMS_TIMEOUT_SECONDS = 8
# Carriers, all through 快递100. Its accounts with each company are a JSON file:
# {"zhongtong": {"partnerId": "…", "partnerKey": "…"}}
KUAIDI100_API_URL = "https://api.kuaidi100.com"
KUAIDI100_POLL_URL = "https://poll.kuaidi100.com"
KUAIDI100_KEY = env.text("KUAIDI100_KEY")
KUAIDI100_CUSTOMER = env.text("KUAIDI100_CUSTOMER")
KUAIDI100_SECRET = env.text("KUAIDI100_SECRET")
KUAIDI100_ACCOUNTS = env.table("KUAIDI100_ACCOUNTS_FILE")
CARRIERS = env.items("XIANGJI_CARRIERS", "youzhengguonei,zhongtong,shunfeng")
CARRIER_TIMEOUT_SECONDS = 5
CARRIER_ASK_AFTER = timedelta(hours=4)
CARRIER_STANDIN = False

# Keys made on first use live here in the demo; production names them one by one.
KEYS = VAR / "keys"

# Private keys that sign: PEM files, one for each KeyPurpose of traceability.
SIGNING_KEY_FILES = {
    "certificate": str(KEYS / "certificate.pem"),
    "log": str(KEYS / "log.pem"),
    "box": str(KEYS / "box.pem"),
}
# The public half of the key that signs the list of those keys, on a machine without a
# network: see docs/keys.md.
ROOT_KEY_FILE = env.text("XIANGJI_ROOT_KEY_FILE", str(KEYS / "root.pub"))
# The transparency log: its name in every checkpoint, for ever, and its files.
LOG_ORIGIN = env.text("XIANGJI_LOG_ORIGIN", f"xiangji.example/{COUNTY_CODE[:6]}")
LOG_FOLDER = VAR / "log"
# Whoever cosigns its checkpoints: "name+hash+key https://address", comma-separated.
WITNESSES = env.items("XIANGJI_WITNESSES")
# The checkpoint that our own watch saw last.
LOG_WATCH_FILE = Path(env.text("XIANGJI_LOG_WATCH_FILE", str(VAR / "log-seen")))
# A city database (.mmdb): roughly where a network is. Without one nobody guesses.
NETWORK_PLACES = env.existing("XIANGJI_NETWORK_PLACES", "places of networks")
# Certificate numbers begin with it: HS-2026-000001.
CERTIFICATE_PREFIX = env.text("XIANGJI_CERTIFICATE_PREFIX", "HS")

# Where backups go, and the age public key that keys and secrets are encrypted to.
BACKUPS = Path(env.text("XIANGJI_BACKUPS", str(VAR / "backups")))
BACKUP_RECIPIENT = env.text("XIANGJI_BACKUP_RECIPIENT")

# Every process of a machine counts into a file of its own here.
METRICS_FOLDER = Path(env.text("XIANGJI_METRICS", str(VAR / "metrics")))
env.tell("PROMETHEUS_MULTIPROC_DIR", str(METRICS_FOLDER))
# Whoever brings it may read /metrics from elsewhere; without one, only this machine.
METRICS_TOKEN = env.text("XIANGJI_METRICS_TOKEN")
LOGGING = logging_as("Plain")
