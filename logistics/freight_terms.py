"""What a freight template says, before it is one."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from logistics.models import FreightRule, FreightTemplate
from logistics.regions import is_region


class UnableToCreateTemplate(Exception):
    """The template contradicts itself, or its name already means another one."""


@dataclass(frozen=True)
class RegionPrice:
    """One price for one or more regions.

    `region_codes` are beginnings of division codes: "" for everywhere, "43", "4301",
    "430104". Units are grams or pieces, prices fen; `free_from_fen` is the sum of
    goods from which freight costs nothing.
    """

    region_codes: tuple[str, ...]
    first_units: int
    first_fen: int
    additional_units: int
    additional_fen: int
    free_from_fen: int | None = None


def rules_of(
    prices: Sequence[RegionPrice], not_delivered: Sequence[str]
) -> list[FreightRule]:
    """One rule, not saved, for each region named."""
    rules = [_priced(price, code) for price in prices for code in price.region_codes]
    return rules + [
        FreightRule(region_code=code, delivers=False) for code in not_delivered
    ]


def _priced(price: RegionPrice, code: str) -> FreightRule:
    return FreightRule(
        region_code=code,
        first_units=price.first_units,
        first_fen=price.first_fen,
        additional_units=price.additional_units,
        additional_fen=price.additional_fen,
        free_from_fen=price.free_from_fen,
    )


def check_rules(rules: Sequence[FreightRule], basis: str) -> None:
    """Errors: UnableToCreateTemplate where the rules make no sense together."""
    if basis not in FreightTemplate.Basis.values:
        raise UnableToCreateTemplate(_("Charge by weight or by the piece."))
    codes = [rule.region_code for rule in rules]
    if len(codes) != len(set(codes)):
        raise UnableToCreateTemplate(_("Name every region once."))
    if any(
        code and (not code.isdecimal() or len(code) not in {2, 4, 6}) for code in codes
    ):
        raise UnableToCreateTemplate(
            _("A region's code has 2, 4 or 6 digits, or none for everywhere.")
        )
    for code in codes:
        if code and not is_region(code):
            raise UnableToCreateTemplate(
                _("No place has the code %(code)s.") % {"code": code}
            )
    if not any(rule.delivers for rule in rules):
        raise UnableToCreateTemplate(_("Deliver to one region at least."))
    for rule in rules:
        if rule.delivers and not _makes_sense(rule):
            raise UnableToCreateTemplate(
                _("Weights and pieces must be above zero, prices not below.")
            )


def _makes_sense(rule: FreightRule) -> bool:
    free_from = rule.free_from_fen
    return (
        rule.first_units > 0
        and rule.additional_units > 0
        and rule.first_fen >= 0
        and rule.additional_fen >= 0
        and (free_from is None or free_from > 0)
    )
