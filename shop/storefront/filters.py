"""What a reader chose, as it stands in the address. Nothing here trusts it."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.http import QueryDict

from partners.provinces import PROVINCES
from shop.storefront.models import ProductCard
from shop.storefront.queries import SORTS, TownshipCount, VillageCount


@dataclass(frozen=True)
class CategoryFilter:
    """Township, village, month and order of a category's list."""

    township: TownshipCount | None = None
    village: VillageCount | None = None
    month: int = 0
    sort: str = "newest"

    @classmethod
    def from_query(
        cls, query: QueryDict, townships: list[TownshipCount]
    ) -> "CategoryFilter":
        """Only places that have something of the category can be chosen."""
        code = query.get("place", "")
        sort = query.get("sort", "newest")
        township = village = None
        for each in townships:
            if each.code == code:
                township = each
            for count in each.villages:
                if count.village.pk == code:
                    township, village = each, count
        return cls(
            township=township,
            village=village,
            month=chosen_month(query),
            sort=sort if sort in SORTS else "newest",
        )

    def apply(self, cards: QuerySet[ProductCard]) -> QuerySet[ProductCard]:
        if self.village is not None:
            cards = cards.filter(village_id=self.village.village.pk)
        elif self.township is not None:
            cards = cards.filter(township_code=self.township.code)
        if self.month:
            cards = cards.ripe_in(self.month)  # type: ignore[attr-defined]
        return cards

    @property
    def place(self) -> str:
        """The code of the chosen village or township."""
        if self.village is not None:
            return str(self.village.village.pk)
        return self.township.code if self.township else ""

    def _address(self, *, place: str) -> str:
        chosen = {
            "place": place,
            "month": self.month or "",
            "sort": self.sort if self.sort != "newest" else "",
        }
        return "?" + urlencode({name: value for name, value in chosen.items() if value})

    @property
    def here(self) -> str:
        """This list's own address, to which a mark of a page can be added."""
        return self._address(place=self.place)

    @property
    def everywhere(self) -> str:
        return self._address(place="")

    @property
    def any_month(self) -> str:
        return replace(self, month=0).here

    @property
    def by_newest(self) -> str:
        return replace(self, sort="newest").here

    @property
    def by_price(self) -> str:
        return replace(self, sort="price").here

    def of_place(self, code: str) -> str:
        return self._address(place=code)

    def in_month(self, month: int) -> str:
        return replace(self, month=month).here


def chosen_month(query: QueryDict) -> int:
    """1 to 12, or 0 where none was chosen."""
    text = query.get("month", "")
    month = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 0
    return month if 1 <= month <= 12 else 0


def chosen_province(query: QueryDict) -> str:
    """The two digits of the province freight is shown for; ours where none is said."""
    code = query.get("to", "")
    return code if code in PROVINCES else settings.COUNTY_CODE[:2]
