"""What an assistant says about a farmer."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.organisations.models import Division


class DescribeForm(forms.Form):
    """What pages say about a farmer."""

    called = forms.CharField(label=_("What neighbours say"), max_length=20)
    growing_since = forms.IntegerField(
        label=_("Growing since"),
        required=False,
        min_value=1940,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
    story = forms.CharField(
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
    name = forms.CharField(label=_("Name on the ID card"), max_length=60)
    phone = forms.CharField(
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

    phone = forms.CharField(
        label=_("New mobile number"),
        max_length=24,
        widget=forms.TextInput({"type": "tel", "inputmode": "numeric"}),
    )
