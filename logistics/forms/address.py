"""The form for a Chinese address: no last name, no postcode, works without scripts."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from logistics import regions
from logistics.address import PastedAddress
from partners.cleaning import LineField
from partners.organisations.models import Division
from partners.phones import clean_phone
from partners.spelling import place_told

_LEVELS = ("province", "city", "county", "township")
_CODE = re.compile(r"\d{12}")
MOST_CHOICES = 8
OTHER = "other"


class PlaceSelect(forms.Select):
    """A list of places that a browser may send empty, so that the next one fills."""

    def use_required_attribute(self, initial: object) -> bool:
        return False


def _place(label: Any, hint: str, question: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        required=bool(question),
        error_messages={"required": question} if question else None,
        widget=PlaceSelect(attrs={"autocomplete": hint}),
    )


class AddressForm(forms.Form):
    """Who gets a parcel and where.

    Start it empty, or from what a paste said: `initial=AddressForm.initial_from(read)`.
    Each list of places holds what lies in the place chosen above it; without scripts,
    sending the form fills the next list; a page that includes `logistics/address.js`
    fills it at once. Where a paste fits several places, the form asks which one
    instead of showing lists. `delivery()` gives what was entered.
    """

    name = LineField(
        label=gettext_lazy("Recipient"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = LineField(
        label=gettext_lazy("Mobile number"),
        max_length=24,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    which = forms.ChoiceField(
        label=gettext_lazy("Which one is it?"), widget=forms.RadioSelect
    )
    province = _place(
        gettext_lazy("Province"),
        "address-level1",
        gettext_lazy("Choose the province."),
    )
    city = _place(
        gettext_lazy("City"), "address-level2", gettext_lazy("Choose the city.")
    )
    county = _place(
        gettext_lazy("District or county"),
        "address-level3",
        gettext_lazy("Choose the district or county."),
    )
    township = _place(gettext_lazy("Street or township"), "address-level4")
    detail = LineField(
        label=gettext_lazy("Street, house and door"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    # The counties that `which` offers, kept while the form goes back and forth.
    among = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self._ask_which():
            self._fill_lists()
        for name in self.initial.get("unsure", ()):
            self.fields[name].help_text = _("Please look at this once more.")

    @classmethod
    def initial_from(cls, read: PastedAddress) -> dict[str, object]:
        """What `address.parse` read, as this form's initial values."""
        return {
            "name": read.name,
            # What is no number is shown where it can be put right.
            "phone": read.phone or read.unread_phone,
            "province": read.province_code,
            "city": read.city_code,
            "county": read.county_code,
            "township": read.township_code,
            "detail": read.detail,
            "among": ",".join(choice.code for choice in read.choices),
            "unsure": tuple(read.unsure),
        }

    def delivery(self) -> dict[str, str]:
        """recipient, phone, division_code (a county's or township's) and detail."""
        cleaned = self.cleaned_data
        return {
            "recipient": cleaned["name"],
            "phone": cleaned["phone"],
            "division_code": cleaned.get("township") or cleaned["county"],
            "detail": cleaned["detail"],
        }

    def clean_phone(self) -> str:
        return clean_phone(self.cleaned_data["phone"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "which" in self.fields:
            cleaned["county"] = cleaned.get("which", "")
        missing = [level for level in _LEVELS if level in self.errors]
        for level in missing[1:]:
            # One question at a time: what lies in an unknown place is unknown.
            del self.errors[level]
        return cleaned

    def _ask_which(self) -> bool:
        """Whether one of several counties is asked for, instead of the lists."""
        codes = [
            code
            for code in str(self._value("among")).split(",")
            if _CODE.fullmatch(code)
        ][:MOST_CHOICES]
        known = Division.objects.filter(pk__in=codes).count() if codes else 0
        if not known or known != len(codes) or self._value("which") == OTHER:
            del self.fields["which"]
            del self.fields["among"]
            return False
        field = self.fields["which"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            *((code, regions.postal_name(code)) for code in codes),
            (OTHER, _("None of these")),
        ]
        for level in _LEVELS:
            del self.fields[level]
        return True

    def _fill_lists(self) -> None:
        above = ""
        for level in _LEVELS:
            field = self.fields[level]
            offered = (
                regions.provinces()
                if level == "province"
                else regions.places_in(above, level)
            )
            assert isinstance(field, forms.ChoiceField)
            field.choices = [
                ("", "—"),
                *((code, place_told(name)) for code, name in offered),
            ]
            if level != "province":
                field.widget.attrs |= {
                    "data-places-in": self[_above(level)].auto_id,
                    "data-places-url": reverse("logistics:places", args=["0" * 12]),
                    "data-level": level,
                }
            above = self._chosen(level, offered)

    def _chosen(self, level: str, offered: list[tuple[str, str]]) -> str:
        """The place chosen at a level; where only one is offered, that one."""
        chosen = str(self._value(level))
        codes = [code for code, _name in offered]
        if not chosen and len(codes) == 1 and level != "township":
            chosen = codes[0]
            self.initial[level] = chosen
            if self.is_bound:
                self.data = _with(self.data, self.add_prefix(level), chosen)
        return chosen if chosen in codes else ""

    def _value(self, name: str) -> object:
        if self.is_bound:
            return self.data.get(self.add_prefix(name), "")
        return self.initial.get(name, "")


def _above(level: str) -> str:
    return _LEVELS[_LEVELS.index(level) - 1]


def _with(data: Mapping[str, Any], key: str, value: str) -> Mapping[str, Any]:
    copied = data.copy() if hasattr(data, "copy") else dict(data)
    copied[key] = value
    return copied
