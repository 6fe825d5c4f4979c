"""The checkout's form: where to, and the buyer's yes to what fresh produce means."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from logistics.address import PastedAddress
from logistics.forms import AddressForm
from partners.cleaning import ParagraphField
from partners.spelling import reads_english
from shop.ordering.typed import Typed

_KEY = re.compile(r"[0-9a-f]{32}\Z")
# Longer than any field allows; a longer one is refused by its field as well.
MOST_CHARACTERS = 400


class PasteForm(forms.Form):
    """One line with name, phone and address, as people keep it in their notes."""

    pasted = ParagraphField(
        label=gettext_lazy("Name, phone and address in one line"),
        max_length=400,
        strip=True,
        error_messages={"required": gettext_lazy("Paste or type an address first.")},
        widget=forms.Textarea(
            attrs={
                "rows": 3,
                "autocomplete": "off",
                "placeholder": gettext_lazy("Paste: name, phone, full address"),
            }
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if reads_english():
            self.fields["pasted"].help_text = _(
                "Chinese is read best; in English, put commas between street, "
                "district, city and province. What is not read you choose from "
                "lists in the next step."
            )


class CheckoutForm(AddressForm):
    """Everything that is needed to place an order from a basket.

    `fresh`: something in the basket needs the buyer's yes. What was only read from a
    pasted line (`sent=False`) is looked at for what it lacks, and no yes is missed.
    """

    fresh_confirmed = forms.BooleanField(
        label=gettext_lazy(
            "I know that fresh produce has no seven-day return, and agree."
        ),
        required=False,
        error_messages={
            "required": gettext_lazy(
                "Please confirm that fresh produce has no seven-day return."
            )
        },
        # It stands beside the button, outside the form's own element.
        widget=forms.CheckboxInput(attrs={"form": "checkout"}),
    )
    # Sent twice, the same form is one order.
    key = forms.RegexField(regex=_KEY, widget=forms.HiddenInput)
    seen_total_fen = forms.IntegerField(
        min_value=0, required=False, widget=forms.HiddenInput
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        fresh: bool,
        sent: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.sent = sent
        self.fields["fresh_confirmed"].required = fresh and sent
        if not sent:
            unread = _("This could not be read. Please fill it in.")
            for name in ("name", "phone", "detail"):
                self.fields[name].error_messages["required"] = unread

    @classmethod
    def of(cls, typed: Typed, *, fresh: bool) -> "CheckoutForm":
        """The form as the buyer left it, its errors found, the first one in focus."""
        form = cls(
            dict(typed.fields),
            fresh=fresh,
            sent=typed.sent,
            initial={"unsure": () if typed.sent else typed.unsure},
        )
        form.is_valid()
        if not typed.sent:
            # Which of several places it is has not been asked before.
            form.errors.pop("which", None)
        wrong = next((field for field in form.visible_fields() if field.errors), None)
        if wrong is not None:
            wrong.field.widget.attrs["autofocus"] = True
        return form

    @classmethod
    def read_from(cls, read: PastedAddress) -> dict[str, str]:
        """What was read, as this form's fields, with a key for the order to come."""
        read_values = cls.initial_from(read)
        del read_values["unsure"]
        return {name: str(value) for name, value in read_values.items()} | {
            "key": cls.new_key()
        }

    @classmethod
    def fields_in(cls, posted: Mapping[str, str]) -> dict[str, str]:
        """The form's own fields of what a browser sent; nothing else is kept."""
        found = {
            name: posted[name][:MOST_CHARACTERS]
            for name in cls.base_fields
            if name in posted
        }
        if not _KEY.fullmatch(found.get("key", "")):
            found["key"] = cls.new_key()
        return found

    @property
    def unread(self) -> list[str]:
        """What a pasted line did not say, by the names of the fields."""
        if self.sent:
            return []
        return [str(field.label) for field in self.visible_fields() if field.errors]

    def show_total(self, total_fen: int | None) -> None:
        """Carry the sum that the page shows, so that another one is noticed."""
        assert isinstance(self.data, dict)
        self.data["seen_total_fen"] = "" if total_fen is None else str(total_fen)

    @staticmethod
    def new_key() -> str:
        """A key for a form that has not been sent yet."""
        return secrets.token_hex(16)
