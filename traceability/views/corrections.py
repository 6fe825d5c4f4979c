"""What was wrong is taken back in the open: a label, a certificate, an event."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from partners import measures
from traceability import codes, effects, forms, operations, queries, words
from traceability.models import Event, Label, Lot, StatusEvent, WeightCorrection
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
def void(request: HttpRequest, number: str) -> HttpResponse:
    """Take a spoilt or lost label out of use."""
    lot = lot_for(request, number)
    form = forms.VoidForm(request.POST or None)

    def act(data: dict[str, Any]) -> StatusEvent:
        return operations.void_label(
            label=_label_of(lot, data["code"]), reason=data["reason"], **now_by(request)
        )

    done, asks = said_twice(form, act, operations.UnableToVoid, field="code")
    if done:
        messages.success(request, _("The label is out of use."))
        return redirect("traceability:lot", number=lot.number)
    told = _of_voiding(_label_of(lot, form.cleaned_data["code"])) if asks else []
    return act_page(
        request,
        lot,
        form,
        asks=asks,
        title=_("Take a label out of use"),
        note=_("Spoilt, lost or stuck on the wrong package: it says so when scanned."),
        button=_("Take it out of use"),
        effects=told,
        scans=True,
    )


@login_required
@never_cache
@get_or_post
def take_off(request: HttpRequest, number: str) -> HttpResponse:
    """Take off what was written down for a lot and was never there."""
    lot = lot_for(request, number)
    form = forms.TakeOffForm(request.POST or None)

    def act(data: dict[str, Any]) -> WeightCorrection:
        data = {name: data[name] for name in ("weight_g", "reason")}
        return operations.take_off_weight(lot=lot, **data, **now_by(request))

    done, asks = said_twice(form, act, operations.UnableToCorrect, field="weight_g")
    if done:
        messages.success(request, _("The weight is corrected."))
        return redirect("traceability:lot", number=lot.number)
    told = []
    if asks:
        jin = measures.jin(form.cleaned_data["weight_g"])
        told = [_("%(jin)s jin count as never harvested.") % {"jin": jin}]
    return act_page(
        request,
        lot,
        form,
        asks=asks,
        title=_("Correct the weight of lot %(number)s") % {"number": lot.number},
        note=_(
            "When too much was written down. %(jin)s jin of it are free; what is "
            "certified or went into other lots cannot be taken off."
        )
        % {"jin": measures.jin(lot.free_g)},
        button=_("Correct it"),
        effects=told,
    )


@login_required
@never_cache
@get_or_post
def supersede(request: HttpRequest, number: str, certificate: str) -> HttpResponse:
    """End a certificate because the produce is mixed or packed anew."""
    lot = lot_for(request, number)
    ended = get_object_or_404(lot.certificates, number=certificate)
    form = forms.WithdrawForm(request.POST or None)

    def act(data: dict[str, Any]) -> StatusEvent:
        return operations.supersede_certificate(
            certificate=ended, reason=data["reason"], **now_by(request)
        )

    done, asks = said_twice(form, act, operations.UnableToWithdraw, field="reason")
    if done:
        messages.success(request, _("The certificate is replaced. Issue the new one."))
        return redirect("traceability:lot", number=lot.number)
    return act_page(
        request,
        lot,
        form,
        asks=asks,
        title=_("Replace certificate %(number)s") % {"number": ended.number},
        note=_(
            "For produce that is mixed or packed anew: the old certificate ends for "
            "good, and what it covered and is on no package can be certified again."
        ),
        button=_("End the old certificate"),
        effects=[effect.words for effect in effects.of_superseding(ended)],
    )


@login_required
@never_cache
@get_or_post
def strike(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Strike out an event that was wrong."""
    lot = lot_for(request, number)
    event = get_object_or_404(queries.standing_events(lot), pk=pk)
    form = forms.StrikeForm(request.POST or None)

    def act(data: dict[str, Any]) -> Event:
        return operations.strike_event(
            event=event, reason=data["reason"], **now_by(request)
        )

    done, asks = said_twice(form, act, operations.UnableToRecordEvent, field="reason")
    if done:
        messages.success(request, _("It is struck out."))
        return redirect("traceability:lot", number=lot.number)
    told = [_("It leaves the public pages, and stays on record with your reason.")]
    if event.kind == Event.Kind.SPRAY:
        told.append(_("Its safety interval no longer holds a harvest back."))
    return act_page(
        request,
        lot,
        form,
        asks=asks,
        title=_("Strike out: %(event)s") % {"event": words.event_title(event)},
        note=_("For what did not happen, or not so. Record what is right afterwards."),
        button=_("Strike it out"),
        effects=told,
    )


def _label_of(lot: Lot, code: str) -> Label:
    label = queries.label(code)
    if label is None or label.batch.lot_id != lot.pk:
        raise operations.UnableToVoid(
            _("No label of this lot has this code. Compare it with the label.")
        )
    return label


def _of_voiding(label: Label) -> list[str]:
    told = [
        _("Label %(code)s, %(product)s, reads “Label voided” to whoever scans it.")
        % {"code": codes.grouped(label.code), "product": label.batch.product_name}
    ]
    if label.activated_at is None:
        told.append(
            _("It is on no package: its %(jin)s jin can get a new label.")
            % {"jin": measures.jin(label.batch.pack_g)}
        )
    else:
        told.append(_("It is on a package already. Put that package aside."))
    if label.scan_count:
        told.append(
            ngettext(
                "Somebody has scanned it %(count)d time.",
                "Somebody has scanned it %(count)d times.",
                label.scan_count,
            )
            % {"count": label.scan_count}
        )
    return told
