"""How we use django-oscar: which of its apps, and its options."""

from oscar import INSTALLED_APPS as _OSCAR_APPS
from oscar.defaults import *  # noqa: F403  Oscar reads its defaults from our settings

# Oscar's dashboard, site search and flat pages are not on our screens (see
# docs/decisions/0003): its models stay, its staff pages are not even imported.
_OURS = {"oscar.config.Shop": "shop.apps.Shop"}
_LEFT_OUT = {"django.contrib.admin"}
OSCAR_APPS = [
    _OURS.get(app, app)
    for app in _OSCAR_APPS
    if app not in _LEFT_OUT and not app.startswith("oscar.apps.dashboard")
]

OSCAR_SHOP_NAME = "乡集"
OSCAR_DEFAULT_CURRENCY = "CNY"
OSCAR_ALLOW_ANON_CHECKOUT = True
OSCAR_HOMEPAGE = "/"
OSCAR_SLUG_FUNCTION = "shop.storefront.slugs.pinyin_slug"
OSCAR_REQUIRED_ADDRESS_FIELDS = ("first_name", "line1", "line4", "state", "country")
OSCAR_EAGER_ALERTS = False
OSCAR_SEND_REGISTRATION_EMAIL = False
OSCAR_MAX_BASKET_QUANTITY_THRESHOLD = 500
OSCAR_BASKET_COOKIE_OPEN = "basket"
OSCAR_HIDDEN_FEATURES = ["reviews", "wishlists"]
OSCAR_ORDER_STATUS_PIPELINE = {
    "pending": ("paid", "cancelled"),
    "paid": ("completed", "cancelled"),
    "completed": (),
    "cancelled": (),
}
OSCAR_INITIAL_ORDER_STATUS = "pending"
OSCAR_INITIAL_LINE_STATUS = "pending"
OSCAR_LINE_STATUS_PIPELINE = OSCAR_ORDER_STATUS_PIPELINE
