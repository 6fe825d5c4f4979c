"""Freight templates: what there is, what it would cost, other prices, out of use."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from logistics import operations, queries
from logistics.forms import AskForm, PriceRows, TemplateForm, rows_of
from logistics.forms.freight import BLANK_ROWS, FEWEST_ROWS, MOST_ROWS
from logistics.freight_terms import check_rules, rules_of
from logistics.models import FreightRule, FreightTemplate
from logistics.operations import UnableToChangeTemplate, UnableToCreateTemplate
from logistics.regions import region_written
from partners.form_acts import carried_out
from partners.spelling import region_told

may_look = permission_required("logistics.view_freight", raise_exception=True)
may_change = permission_required("logistics.change_freight", raise_exception=True)


@never_cache
@login_required
@may_look
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The templates in force; those out of use below."""
    found = FreightTemplate.objects.prefetch_related("rules").order_by("name", "-pk")
    return render(
        request,
        "logistics/freight/index.html",
        {
            "templates": found.in_force(),
            "retired": found.exclude(retired_at=None),
            "may_change": request.user.has_perm("logistics.change_freight"),
        },
    )


@never_cache
@login_required
@may_look
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One template's prices, and what so much to there would cost."""
    template = get_object_or_404(FreightTemplate, pk=pk)
    ask = AskForm(request.GET if "amount" in request.GET else None)
    return render(
        request,
        "logistics/freight/detail.html",
        {
            "template": template,
            "successor": FreightTemplate.objects.filter(replaces=template).first(),
            "rows": rows_of(template),
            "not_delivered": queries.not_delivered_to(template),
            "ask": ask,
            "answer": _answer(ask, list(template.rules.all()), template.basis),
            "may_change": request.user.has_perm("logistics.change_freight"),
        },
    )


@never_cache
@login_required
@may_change
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a template."""

    def create(terms: dict[str, Any]) -> FreightTemplate:
        return operations.create_template(**terms, by=request.user, at=timezone.now())

    return _edit(request, create, title=_("Make a freight template"))


@never_cache
@login_required
@may_change
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Other prices from now on."""
    template = get_object_or_404(FreightTemplate, pk=pk)

    def keep(terms: dict[str, Any]) -> FreightTemplate:
        return operations.change_template(
            template=template, **terms, by=request.user, at=timezone.now()
        )

    return _edit(request, keep, title=_("Change the freight"), template=template)


@never_cache
@login_required
@may_change
@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """List nothing new with it."""
    template = get_object_or_404(FreightTemplate, pk=pk)
    try:
        operations.retire_template(
            template=template, by=request.user, at=timezone.now()
        )
    except UnableToChangeTemplate as error:
        messages.error(request, str(error))
        return redirect("logistics:freight_template", pk=pk)
    messages.success(request, _("%(name)s is out of use.") % {"name": template.name})
    return redirect("logistics:freight")


def _edit(
    request: HttpRequest,
    keep: Any,
    *,
    title: str,
    template: FreightTemplate | None = None,
) -> HttpResponse:
    typed = request.POST or None
    known = rows_of(template) if template else []
    blank = max(BLANK_ROWS, FEWEST_ROWS - len(known))
    rows = PriceRows(
        typed,
        # What was typed is compared with nothing: an emptied row is a row taken away.
        initial=None if typed else known,
        prefix="rows",
        form_kwargs={"empty_permitted": True},
    )
    rows.extra = min(blank, MOST_ROWS - len(known))
    form = TemplateForm(typed, initial=_initial(template) if template else None)
    ask = AskForm(typed if typed and "try" in typed else None, prefix="ask")
    answer = None
    if typed and form.is_valid() and rows.is_valid():
        terms = form.terms(rows)
        if terms and "try" in typed:
            answer = _tried(form, ask, terms)
        elif terms:
            made = carried_out(
                form,
                lambda _data: keep(terms),
                UnableToCreateTemplate,
                UnableToChangeTemplate,
            )
            if made:
                messages.success(request, _("Saved. It counts for orders from now on."))
                return redirect("logistics:freight_template", pk=made.pk)
    failed = typed and not answer
    return render(
        request,
        "logistics/freight/edit.html",
        {
            "form": form,
            "rows": rows,
            "ask": ask,
            "answer": answer,
            "title": title,
            "template": template,
        },
        status=422 if failed else 200,
    )


def _tried(form: TemplateForm, ask: AskForm, terms: dict[str, Any]) -> str | None:
    rules = rules_of(terms["prices"], terms["not_delivered"])

    def priced(_data: dict[str, Any]) -> str | None:
        check_rules(rules, terms["basis"])
        return _answer(ask, rules, terms["basis"])

    return carried_out(form, priced, UnableToCreateTemplate)


def _answer(ask: AskForm, rules: list[FreightRule], basis: str) -> str | None:
    """The sentence that answers; None where nothing (readable) was asked."""
    if not ask.is_bound or not ask.is_valid():
        return None
    try:
        found = queries.price_by(rules=rules, **ask.question(basis))
    except queries.NotDelivered as error:
        return str(error)
    amount = f"{ask.cleaned_data['amount'].normalize():f}"
    words = {
        "amount": _("%(amount)s kg") % {"amount": amount}
        if basis == FreightTemplate.Basis.WEIGHT
        else _("%(amount)s pieces") % {"amount": amount},
        "place": region_told(region_written(ask.cleaned_data["to"])),
        "fee": queries.short_yuan(found.fen),
    }
    if found.fen == 0:
        return _("%(amount)s to %(place)s: free") % words
    return _("%(amount)s to %(place)s: %(fee)s") % words


def _initial(template: FreightTemplate) -> dict[str, Any]:
    left_out = template.rules.filter(delivers=False).order_by("region_code")
    return {
        "name": template.name,
        "basis": template.basis,
        "not_delivered": "、".join(
            region_written(rule.region_code) for rule in left_out
        ),
    }
