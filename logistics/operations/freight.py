"""Publish what freight costs, change it, take it out of use."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from logistics.freight_terms import (
    RegionPrice,
    UnableToCreateTemplate,
    check_rules,
    rules_of,
)
from logistics.models import FreightRule, FreightTemplate
from logistics.signals import freight_changed
from partners.organisations.operations import record
from partners.people import Person


class UnableToChangeTemplate(Exception):
    """It is out of use already, or nothing could be listed without it."""


def create_template(
    *,
    name: str,
    basis: str,
    prices: Sequence[RegionPrice],
    not_delivered: Sequence[str] = (),
    by: Person | None = None,
    at: datetime,
) -> FreightTemplate:
    """Publish a freight template; the same name and rules again change nothing.

    `basis` is one of `FreightTemplate.Basis.values`; `not_delivered` lists the codes of
    regions nothing is sent to.

    Errors: UnableToCreateTemplate where a region stands twice, nothing is delivered
    anywhere, a number makes no sense, or the name is taken by other rules.
    """
    rules = rules_of(prices, not_delivered)
    check_rules(rules, basis)
    with transaction.atomic():
        template, created = FreightTemplate.objects.get_or_create(
            name=name, retired_at=None, defaults={"basis": basis, "created_at": at}
        )
        if not created:
            _same_or_refuse(template, basis, rules)
            return template
        _write_rules(template, rules)
        _on_record("create_freight", template, by=by, at=at)
    return template


def change_template(
    *,
    template: FreightTemplate,
    name: str,
    basis: str,
    prices: Sequence[RegionPrice],
    not_delivered: Sequence[str] = (),
    by: Person | None,
    at: datetime,
) -> FreightTemplate:
    """Let other rules count from now on; returns the template that holds them.

    What is listed follows, by `freight_changed`; an order placed before owes what it
    was quoted. The same name and rules again change nothing.

    Errors: UnableToCreateTemplate as for a new one; UnableToChangeTemplate where this
    one is out of use, because somebody else changed it first.
    """
    rules = rules_of(prices, not_delivered)
    check_rules(rules, basis)
    with transaction.atomic():
        old = _in_force(template)
        if old.name == name and _says(old, basis, rules):
            return old
        if FreightTemplate.objects.in_force().filter(name=name).exclude(pk=old.pk):
            raise _taken(name)
        old.retired_at = at
        old.save(update_fields=["retired_at"])
        new = FreightTemplate.objects.create(
            name=name, basis=basis, created_at=at, replaces=old
        )
        _write_rules(new, rules)
        _on_record("change_freight", new, by=by, at=at)
        freight_changed.send(sender=FreightTemplate, old=old, new=new, at=at)
    return new


def retire_template(
    *, template: FreightTemplate, by: Person | None, at: datetime
) -> FreightTemplate:
    """List nothing new with it; what is listed keeps it, and so do orders.

    Errors: UnableToChangeTemplate where it is out of use already or is the last one,
    without which nothing could be listed.
    """
    with transaction.atomic():
        held = _in_force(template)
        if not FreightTemplate.objects.in_force().exclude(pk=held.pk).exists():
            raise UnableToChangeTemplate(
                _("Without a freight template nothing can be listed: make another one.")
            )
        held.retired_at = at
        held.save(update_fields=["retired_at"])
        _on_record("retire_freight", held, by=by, at=at)
    return held


def _in_force(template: FreightTemplate) -> FreightTemplate:
    # All of them, in order: two people who retire the last two wait for one another.
    held = FreightTemplate.objects.in_force().select_for_update().order_by("pk")
    for one in held:
        if one.pk == template.pk:
            return one
    raise UnableToChangeTemplate(
        _("Somebody changed or retired it meanwhile. Look at it again.")
    )


def _write_rules(template: FreightTemplate, rules: Sequence[FreightRule]) -> None:
    for rule in rules:
        rule.template = template
    FreightRule.objects.bulk_create(rules)


def _on_record(
    act: str, template: FreightTemplate, *, by: Person | None, at: datetime
) -> None:
    subject = f"freight:{template.pk}"
    record(act=act, subject=subject, detail=template.name, by=by, at=at)


def _same_or_refuse(
    template: FreightTemplate, basis: str, rules: Sequence[FreightRule]
) -> None:
    if not _says(template, basis, rules):
        raise _taken(template.name)


def _taken(name: str) -> UnableToCreateTemplate:
    return UnableToCreateTemplate(
        _("There is another freight template called %(name)s.") % {"name": name}
    )


def _says(template: FreightTemplate, basis: str, rules: Sequence[FreightRule]) -> bool:
    kept = {_terms(rule) for rule in template.rules.all()}
    return template.basis == basis and kept == {_terms(rule) for rule in rules}


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
