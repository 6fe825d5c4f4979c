"""Steps 8 and 9: the statement, a second person's yes, the money to a household."""

import re
from datetime import date, datetime
from io import BytesIO

from openpyxl import Workbook

from shop.demo import papers, people
from shop.demo.browser import Browser, Page
from shop.demo.market_day.journey import Day, link_in, must
from shop.demo.market_day.selling import a_photo
from traceability.models import Certificate  # noqa: F401

MANAGER = people.SUPERMARKETS[0].manager.phone
OPERATOR = people.OPERATOR.phone
SECOND = people.SECOND_OPERATOR.phone
