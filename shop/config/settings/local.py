"""One machine, one command: everything embedded, with invented people."""

import json
import secrets
from datetime import timedelta

from shop.alipay.sandbox.keys import APP_ID, SELLER_ID, sandbox_keys

from . import env
from .base import *  # noqa: F403
from .base import CONTENT_SECURITY_POLICY, INSTALLED_APPS, VAR, with_cashier
from .stores import uploads, with_pictures

DEMO = True
DEMO_PHONE_PREFIX = "100"
# Everybody in the demo comes from this machine.
LOGINS_OF_ADDRESS_AN_HOUR = 5_000
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [*INSTALLED_APPS, "shop.demo", "shop.alipay.sandbox"]


def local_secret(name: str) -> str:
    """A secret of this machine's demo, made once and kept under var/keys."""
    path = VAR / "keys" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), encoding="ascii")
    return path.read_text(encoding="ascii")


SECRET_KEY = local_secret("secret_key")
# One secret for each use, so that a leak of one opens nothing else.
FIELD_SECRET = local_secret("field_secret")
BLIND_INDEX_SECRET = local_secret("blind_index_secret")
LABEL_SECRET = local_secret("label_secret")
SCAN_SALT = local_secret("scan_salt")

# `make demo PORT=…` writes down where it is reached, for commands beside it.
if not env.text("XIANGJI_BASE_URL") and (VAR / "demo.json").is_file():
    BASE_URL = json.loads((VAR / "demo.json").read_text(encoding="utf-8"))["base_url"]

# Without a gateway of its own named, the demo pays at the local sandbox.
ALIPAY_SANDBOX = not env.text("ALIPAY_GATEWAY")
ALIPAY_SANDBOX_URL = env.text("ALIPAY_SANDBOX_URL", "http://127.0.0.1:8001").rstrip("/")
if ALIPAY_SANDBOX:
    _keys = sandbox_keys(VAR / "keys")
    ALIPAY_GATEWAY = f"{ALIPAY_SANDBOX_URL}/gateway.do"
    ALIPAY_APP_ID = APP_ID
    ALIPAY_SELLER_ID = SELLER_ID
    ALIPAY_APP_PRIVATE_KEY_FILE = str(_keys.app_private)
    ALIPAY_PUBLIC_KEY_FILE = str(_keys.alipay_public)
else:
    env.required("ALIPAY_APP_ID", "our application at the gateway you name")
    env.required("ALIPAY_SELLER_ID", "our seller number there")
    env.required("ALIPAY_APP_PRIVATE_KEY_FILE", "our private key, PEM")
    env.required("ALIPAY_PUBLIC_KEY_FILE", "the gateway's public key, PEM")
CONTENT_SECURITY_POLICY = with_cashier(
    with_pictures(CONTENT_SECURITY_POLICY), ALIPAY_GATEWAY
)

# Without an account at 快递100, parcels go to a carrier played on this machine.
CARRIER_STANDIN = not env.text("KUAIDI100_KEY")
CARRIER_STANDIN_URL = env.text("CARRIER_STANDIN_URL", "http://127.0.0.1:8002")
if CARRIER_STANDIN:
    KUAIDI100_API_URL = KUAIDI100_POLL_URL = CARRIER_STANDIN_URL
    KUAIDI100_KEY = KUAIDI100_CUSTOMER = "demo"
    KUAIDI100_SECRET = local_secret("carrier_secret")
    CARRIERS = ["shilikuaidi"]
    CARRIER_ASK_AFTER = timedelta(minutes=1)

STORAGES = {
    **uploads(),
    "staticfiles": {"BACKEND": "shop.storefront.staticfiles.MarketStorage"},
}
