"""What an assistant says about a farmer."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.cleaning import LineField, ParagraphField
from partners.organisations.models import Division
from partners.organisations.positions import NoPosition, Position, read_position
from partners.organisations.queries import UnknownDivision, villages_by_township


def village_choices() -> list[Any]:
    """The county's villages under their townships; none before they are loaded."""
    try:
        townships = villages_by_township(settings.COUNTY_CODE)
    except UnknownDivision:
        townships = []
    return [
        ("", _("Choose a village")),
        *(
            (township.name, [(place.code, place.name) for place in places])
            for township, places in townships
        ),
    ]


class VillageField(forms.ChoiceField):
    """One of the county's villages, given as its Division."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=village_choices, **options)

    def clean(self, value: Any) -> Any:
        code = super().clean(value)
        return Division.objects.get(pk=code) if code else None


class PersonForm(forms.Form):
    """Somebody by name and number; an account is opened where there is none."""

    name = LineField(label=_("Full name"), max_length=60)
    phone = LineField(
        label=_("Mobile number"),
        max_length=24,
        help_text=_("They log in with it, by a code that is sent there."),
        widget=forms.TextInput({"type": "tel", "inputmode": "numeric"}),
    )


class StationForm(forms.Form):
    """What everybody may know of a village's station."""

    name = LineField(label=_("Name"), max_length=60)
    address = LineField(label=_("Address"), max_length=120, required=False)
    phone = LineField(
        label=_("Public phone"),
        max_length=20,
        required=False,
        help_text=_("Stands on certificates and pages. Nobody's private number."),
        widget=forms.TextInput({"type": "tel"}),
    )
    position = LineField(
        label=_("Position on the map"),
        max_length=60,
        required=False,
        help_text=_(
            "Two numbers that a map shows, such as 28.91, 111.97. Buyers see on the "
            "scan page where it grew, to about 10 km."
        ),
    )

    def clean_position(self) -> Position | None:
        try:
            text = self.cleaned_data["position"]
            return read_position(text) if text else None
        except NoPosition as error:
            raise forms.ValidationError(str(error)) from error


class CooperativeForm(forms.Form):
    """A cooperative as its licence has it."""

    name = LineField(label=_("Name"), max_length=80)
    uscc = LineField(
        label=_("Unified social credit code"),
        max_length=24,
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class DescribeForm(forms.Form):
    """What pages say about a farmer."""

    called = LineField(label=_("What neighbours say"), max_length=20)
    growing_since = forms.IntegerField(
        label=_("Growing since"),
        required=False,
        min_value=1940,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
    story = ParagraphField(
        label=_("A few words for buyers"),
        required=False,
        max_length=400,
        widget=forms.Textarea({"rows": 4}),
    )

    def clean_growing_since(self) -> int | None:
        year: int | None = self.cleaned_data["growing_since"]
        if year is not None and year > timezone.localdate().year:
            raise forms.ValidationError(_("That year is yet to come."))
        return year


class FarmerForm(DescribeForm):
    """A farmer new to the list."""

    village = forms.ModelChoiceField(
        label=_("Village"), queryset=Division.objects.none(), empty_label=None
    )
    name = LineField(label=_("Name on the ID card"), max_length=60)
    phone = LineField(
        label=_("Mobile number"),
        max_length=24,
        help_text=_("Nothing is sold without a yes from this number."),
        widget=forms.TextInput({"type": "tel", "inputmode": "numeric"}),
    )
    field_order = ("village", "called", "name", "phone", "growing_since", "story")

    def __init__(self, *args: Any, villages: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["village"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = villages


class PhoneForm(forms.Form):
    """A farmer's new number."""

    phone = LineField(
        label=_("New mobile number"),
        max_length=24,
        widget=forms.TextInput({"type": "tel", "inputmode": "numeric"}),
    )
