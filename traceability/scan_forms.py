"""Forms about scans: of whoever holds a package, and of whoever looks into it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.cleaning import LineField, ParagraphField
from traceability.models import CloneConclusion, ReportConclusion


class FakeReportForm(forms.Form):
    """Somebody says that a package is a fake."""

    message = ParagraphField(
        label=_("What is wrong with the package?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    bought_at = LineField(
        label=_("Where did you buy it?"), max_length=100, required=False
    )
    contact = LineField(
        label=_("How can we reach you?"),
        max_length=100,
        required=False,
        help_text=_("Only the county sees it."),
    )


class ScratchForm(forms.Form):
    """What a buyer reads under the silver field."""

    hidden = LineField(
        label=_("The 10 characters under the silver field"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "placeholder": "ABCDE-12345",
            }
        ),
    )


class PlaceForm(forms.Form):
    """Roughly where a phone is, in tenths of a degree, as its script rounds it."""

    latitude = forms.IntegerField(min_value=-900, max_value=900)
    longitude = forms.IntegerField(min_value=-1800, max_value=1800)


class ConclusionForm(forms.Form):
    """What came out of a report of a fake."""

    finding = forms.ChoiceField(
        label=_("Found"),
        choices=ReportConclusion.Finding.choices,
        widget=forms.RadioSelect,
    )
    note = ParagraphField(
        label=_("What was done"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Who was asked, what the package showed, what follows."),
    )


class CloneForm(forms.Form):
    """What an alarm about a label was."""

    finding = forms.ChoiceField(
        label=_("Found"),
        choices=CloneConclusion.Finding.choices,
        widget=forms.RadioSelect,
    )
    note = ParagraphField(
        label=_("What was done"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Harmless is, say, a market stall that shows one box to everybody, or a "
            "phone whose network is elsewhere."
        ),
    )
