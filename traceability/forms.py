"""Forms of traceability."""

from django import forms
from django.utils.translation import gettext_lazy as _


class FakeReportForm(forms.Form):
    """Somebody says that a package is a fake."""

    message = forms.CharField(
        label=_("What is wrong with the package?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    bought_at = forms.CharField(
        label=_("Where did you buy it?"), max_length=100, required=False
    )
    contact = forms.CharField(
        label=_("How can we reach you?"),
        max_length=100,
        required=False,
        help_text=_("Only the county sees it."),
    )
