"""Publish what freight costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from logistics.models import FreightRule, FreightTemplate


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


def create_template(
    *,
    name: str,
    basis: str,
    prices: Sequence[RegionPrice],
    not_delivered: Sequence[str] = (),
    at: datetime,
) -> FreightTemplate:
    """Publish a freight template; the same name and rules again change nothing.

    `basis` is one of `FreightTemplate.Basis.values`; `not_delivered` lists the codes of
    regions nothing is sent to.

    Errors: UnableToCreateTemplate where a region stands twice, nothing is delivered
    anywhere, a number makes no sense, or the name is taken by other rules.
    """
    rules = [_priced(price, code) for price in prices for code in price.region_codes]
    rules += [FreightRule(region_code=code, delivers=False) for code in not_delivered]
    _check(rules, basis)
    with transaction.atomic():
        template, created = FreightTemplate.objects.get_or_create(
            name=name, defaults={"basis": basis, "created_at": at}
        )
        if not created:
            _same_or_refuse(template, basis, rules)
            return template
        for rule in rules:
            rule.template = template
        FreightRule.objects.bulk_create(rules)
    return template


def _priced(price: RegionPrice, code: str) -> FreightRule:
    return FreightRule(
        region_code=code,
        first_units=price.first_units,
        first_fen=price.first_fen,
        additional_units=price.additional_units,
        additional_fen=price.additional_fen,
        free_from_fen=price.free_from_fen,
    )


def _check(rules: Sequence[FreightRule], basis: str) -> None:
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


def _same_or_refuse(
    template: FreightTemplate, basis: str, rules: Sequence[FreightRule]
) -> None:
    kept = {_terms(rule) for rule in template.rules.all()}
    if template.basis != basis or kept != {_terms(rule) for rule in rules}:
        raise UnableToCreateTemplate(
            _("There is another freight template called %(name)s.")
            % {"name": template.name}
        )


def _terms(rule: FreightRule) -> tuple[object, ...]:
    return (
        rule.region_code,
        rule.delivers,
        rule.first_units,
        rule.first_fen,
        rule.additional_units,
        rule.additional_fen,
        rule.free_from_fen,
    )
