"""A county's real settings: every secret from the environment, no defaults."""

from . import env
from .base import *  # noqa: F403
from .base import (
    CONTENT_SECURITY_POLICY,
    INSTALLED_APPS,
    VAR,
    with_cashier,
)
from .logs import logging_as
from .stores import uploads, with_pictures

SECRET_KEY = env.required("XIANGJI_SECRET_KEY", "a long random text for sessions")
FIELD_SECRET = env.required("XIANGJI_FIELD_SECRET", "encrypts personal fields")
BLIND_INDEX_SECRET = env.required("XIANGJI_BLIND_INDEX_SECRET", "finds them again")
LABEL_SECRET = env.required("XIANGJI_LABEL_SECRET", "makes codes nobody can guess")
SCAN_SALT = env.required("XIANGJI_SCAN_SALT", "keeps scanning devices anonymous")
ALLOWED_HOSTS = env.items("XIANGJI_HOSTS") or [
    env.required("XIANGJI_HOSTS", "the host names people use, comma-separated")
]
BASE_URL = env.required("XIANGJI_BASE_URL", "https://… as people reach us")
SIGNING_KEY_FILES = {
    "certificate": env.required(
        "XIANGJI_CERTIFICATE_KEY_FILE", "the key that signs certificates, PEM"
    ),
    "log": env.required("XIANGJI_LOG_KEY_FILE", "the log's signing key, PEM"),
    "box": env.required("XIANGJI_BOX_KEY_FILE", "the key that signs box codes, PEM"),
}
ROOT_KEY_FILE = env.required(
    "XIANGJI_ROOT_KEY_FILE", "the offline root's public key: see docs/keys.md"
)
LOG_ORIGIN = env.required(
    "XIANGJI_LOG_ORIGIN", "the log's name, host/path, never changed afterwards"
)
DATABASES = {
    "default": postgresql(  # noqa: F405
        env.required("DATABASE_URL", "postgresql://user:password@host:port/name")
    )
}
CACHES = {
    "default": shared_cache(  # noqa: F405
        env.required("REDIS_URL", "redis://:password@host:port/0, the shared cache")
    )
}
CELERY_BROKER_URL = env.required("CELERY_BROKER_URL", "redis://host:port/0")
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(  # noqa: F405
    CELERY_BROKER_URL, VAR / "broker"
)
ALIPAY_GATEWAY = env.required("ALIPAY_GATEWAY", "Alipay's gateway address")
ALIPAY_APP_ID = env.required("ALIPAY_APP_ID", "our application at Alipay")
ALIPAY_SELLER_ID = env.required("ALIPAY_SELLER_ID", "our seller number (2088…)")
ALIPAY_APP_PRIVATE_KEY_FILE = env.required(
    "ALIPAY_APP_PRIVATE_KEY_FILE", "our private key, PEM"
)
ALIPAY_PUBLIC_KEY_FILE = env.required(
    "ALIPAY_PUBLIC_KEY_FILE", "Alipay's public key, PEM"
)
CONTENT_SECURITY_POLICY = with_cashier(
    with_pictures(CONTENT_SECURITY_POLICY), ALIPAY_GATEWAY
)

TEXT_PROVIDER = "shop.notices.providers.aliyun.AliyunProvider"
ALIYUN_SMS_KEY_ID = env.required("ALIYUN_SMS_KEY_ID", "sends text messages")
ALIYUN_SMS_KEY_SECRET = env.required("ALIYUN_SMS_KEY_SECRET", "signs their requests")
env.required("ALIYUN_SMS_TEMPLATES", "login_code=SMS_…,…: the approved wordings")
KUAIDI100_KEY = env.required("KUAIDI100_KEY", "our account at 快递100: 授权 key")
KUAIDI100_CUSTOMER = env.required("KUAIDI100_CUSTOMER", "our customer number there")
KUAIDI100_SECRET = env.required("KUAIDI100_SECRET", "our account's secret there")
if env.flag("CARRIER_STANDIN"):
    raise env.MissingSetting("The carrier stand-in cannot run in production.")

if "shop.alipay.sandbox" in INSTALLED_APPS or env.flag("ALIPAY_SANDBOX"):
    raise env.MissingSetting("The Alipay sandbox cannot run with production settings.")

SECOND_STEP_REQUIRED = env.flag("XIANGJI_SECOND_STEP", True)

DEBUG = False
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
OSCAR_BASKET_COOKIE_SECURE = True
STORAGES = {
    **uploads(),
    "staticfiles": {"BACKEND": "shop.storefront.staticfiles.MarketStorage"},
}
LOGGING = logging_as("Json")
