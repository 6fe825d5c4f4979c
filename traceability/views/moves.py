"""Lots are split and put together: weights that never exceed what is there."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from partners import measures
from traceability import forms, operations, queries
from traceability.models import Lot
from traceability.operations import Portion
from traceability.views.common import (
    act_page,
    get_or_post,
    lot_for,
    now_by,
    said_twice,
)


@login_required
@never_cache
@get_or_post
def split(request: HttpRequest, number: str) -> HttpResponse:
    """Take parts out of a lot, each a lot of its own."""
    lot = lot_for(request, number)
    form = forms.SplitForm(request.POST or None)

    def act(data: dict[str, Any]) -> list[Lot]:
        return operations.split_lot(
            lot=lot, weights_g=data["weights_g"], **now_by(request)
        )

    parts, asks = said_twice(form, act, operations.UnableToMove)
    if parts:
        told = _("New lots: %(numbers)s") % {
            "numbers": _and(part.number for part in parts)
        }
        messages.success(request, told)
        return redirect("traceability:lot", number=lot.number)
    return act_page(
        request,
        lot,
        form,
        asks=asks,
        title=_("Split lot %(number)s") % {"number": lot.number},
        note=_("%(jin)s jin of it are free. Each part becomes a lot with its history.")
        % {"jin": measures.jin(lot.free_g)},
        button=_("Split it"),
        effects=_of_splitting(lot, form.cleaned_data["weights_g"]) if asks else [],
        nothing_free=not lot.free_g and not form.is_bound,
    )


@login_required
@never_cache
@get_or_post
def merge(request: HttpRequest, number: str) -> HttpResponse:
    """Put parts of this lot and others of its crop and village into a new one."""
    lot = lot_for(request, number)
    others = list(queries.lots_to_merge_with(lot))
    form = forms.MergeForm(
        request.POST or None,
        lots=[lot, *others],
        initial={"product_name": lot.product_name},
    )

    def act(data: dict[str, Any]) -> Lot:
        return operations.merge_lots(
            portions=[Portion(*portion) for portion in data["portions"]],
            product_name=data["product_name"],
            **now_by(request),
        )

    merged, asks = said_twice(form, act, operations.UnableToMove)
    if merged:
        messages.success(request, _("This is the new lot. It needs a certificate."))
        return redirect("traceability:lot", number=merged.number)
    return act_page(
        request,
        lot,
        form,
        asks=asks,
        title=_("Put lots together"),
        note=_(
            "Only lots of one crop and village go together. The new lot counts as "
            "picked on the earliest day of them and needs a certificate of its own."
        ),
        button=_("Put them together"),
        effects=_of_merging(form.cleaned_data["portions"]) if asks else [],
        nothing=not others,
    )


def _of_splitting(lot: Lot, weights_g: list[int]) -> list[str]:
    parts = [_a_lot_of(weight_g) for weight_g in weights_g]
    return [*parts, _left(lot, sum(weights_g))]


def _of_merging(portions: list[tuple[Lot, int]]) -> list[str]:
    whole = sum(weight_g for _lot, weight_g in portions)
    return [_a_lot_of(whole), *(_left(lot, taken) for lot, taken in portions)]


def _a_lot_of(weight_g: int) -> str:
    return _("A new lot of %(jin)s jin") % {"jin": measures.jin(weight_g)}


def _left(lot: Lot, taken_g: int) -> str:
    return _("Lot %(number)s gives %(jin)s jin and keeps %(left)s jin free.") % {
        "number": lot.number,
        "jin": measures.jin(taken_g),
        "left": measures.jin(lot.free_g - taken_g),
    }


def _and(names: Any) -> str:
    return _(", ").join(names)
