"""What staff say when they give money back."""

import secrets
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.cleaning import LineField
from partners.forms import YuanField
from partners.measures import yuan
from shop.backoffice.orders import OneOrder
from shop.ordering.models import LineTerms, SubOrder
from shop.ordering.refunded import Sum, plan

WHOLE = "whole"


class RefundForm(forms.Form):
    """What goes back of an order, how much of it, and why.

    `key` makes the form sent twice one refund; `seen_fen` is the sum that its second
    step showed.
    """

    what = forms.ChoiceField(
        label=gettext_lazy("What is it for?"), widget=forms.RadioSelect
    )
    amount = YuanField(
        label=gettext_lazy("Sum, yuan"),
        required=False,
        help_text=gettext_lazy("Leave it empty to give back all that is left of it."),
    )
    reason = LineField(
        label=gettext_lazy("Why?"),
        max_length=100,
        help_text=gettext_lazy("The buyer reads it. Write no names or numbers."),
    )
    key = forms.CharField(max_length=32, widget=forms.HiddenInput)
    seen_fen = forms.IntegerField(
        required=False, min_value=0, max_value=10**12, widget=forms.HiddenInput
    )

    def __init__(self, data: Mapping[str, Any] | None, *, one: OneOrder) -> None:
        super().__init__(data, initial={"key": secrets.token_hex(8), "what": WHOLE})
        self.one = one
        self.things: dict[str, tuple[SubOrder | None, LineTerms | None]] = {
            WHOLE: (None, None)
        }
        choices = [(WHOLE, _with_left(_("The whole order"), one.left.order_fen))]
        for part in one.parts:
            sub_order = part.sub_order
            if not one.left.parts[sub_order.pk]:
                continue
            name = f"part-{sub_order.pk}"
            self.things[name] = (sub_order, None)
            words = _("All from %(village)s") % {"village": sub_order.village.name}
            choices.append((name, _with_left(words, one.left.parts[sub_order.pk])))
            for terms in part.lines:
                if not one.left.lines[terms.pk]:
                    continue
                name = f"line-{terms.pk}"
                self.things[name] = (None, terms)
                words = f"{terms.line.title} × {terms.quantity}"
                choices.append((name, _with_left(words, one.left.lines[terms.pk])))
        self.fields["what"].choices = choices  # type: ignore[attr-defined]

    def plan(self, data: Mapping[str, Any]) -> list[Sum]:
        """The sums that this would send back. Errors: NothingLeft."""
        sub_order, terms = self.things[data["what"]]
        return plan(
            self.one.order,
            sub_order=sub_order,
            terms=terms,
            amount_fen=data["amount"],
        )

    def wish(self) -> dict[str, Any]:
        """The same, as the operation takes it."""
        data = self.cleaned_data
        sub_order, terms = self.things[data["what"]]
        return {
            "sub_order": sub_order,
            "terms": terms,
            "amount_fen": data["amount"],
            "seen_fen": data["seen_fen"] or 0,
            "reason": data["reason"],
            "key": data["key"],
        }

    @staticmethod
    def total_fen(sums: list[Sum] | None) -> int:
        """What the sums come to."""
        return sum(each.amount_fen for each in sums or [])


def _with_left(words: str, left_fen: int) -> str:
    return _("%(what)s, up to %(left)s") % {"what": words, "left": yuan(left_fen)}
