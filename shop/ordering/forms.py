"""The checkout's form: where to, and the buyer's yes to what fresh produce means."""

import secrets

from django import forms
from django.utils.translation import gettext_lazy as _

from logistics.forms import AddressForm


class PasteForm(forms.Form):
    """One line with name, phone and address, as people keep it in their notes."""

    pasted = forms.CharField(
        label=_("Name, phone and address in one line"),
        max_length=400,
        strip=True,
        widget=forms.Textarea(
            attrs={
                "rows": 3,
                "autocomplete": "off",
                "placeholder": _("Paste: name, phone, full address"),
            }
        ),
    )


class CheckoutForm(AddressForm):
    """Everything that is needed to place an order from a basket."""

    fresh_confirmed = forms.BooleanField(
        label=_("I know that fresh produce has no seven-day return, and agree."),
        required=False,
    )
    # Sent twice, the same form is one order.
    key = forms.RegexField(regex=r"^[0-9a-f]{32}$", widget=forms.HiddenInput)
    seen_total_fen = forms.IntegerField(
        min_value=0, required=False, widget=forms.HiddenInput
    )

    @staticmethod
    def new_key() -> str:
        """A key for a form that has not been sent yet."""
        return secrets.token_hex(16)
