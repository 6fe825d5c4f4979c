"""What managers and staff enter about statements, money and findings."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from partners import measures, periods
from partners.cleaning import LineField, ParagraphField
from partners.models import Agreement, Disbursement, DisbursementPhoto, Household
from partners.organisations.forms import VillageField
from partners.supervision.models import FindingDecision, OutsideFact

_MONTHS_BACK = 12


def month_label(period: date) -> str:
    """The month as people say it: 2026年10月, October 2026."""
    return date_format(period, "YEAR_MONTH_FORMAT")


class YuanField(forms.CharField):
    """A sum typed in yuan, given as whole fen; None where it may be and is empty."""

    default_error_messages = {
        "invalid": _("Enter a sum in yuan with at most two places."),
        "positive": _("The sum must be more than ¥0."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=16, **options)
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            fen = measures.fen_from_yuan(text)
        except ValueError as error:
            raise forms.ValidationError(
                self.error_messages["invalid"], code="invalid"
            ) from error
        if fen <= 0:
            raise forms.ValidationError(
                self.error_messages["positive"], code="positive"
            )
        return fen


class PercentField(forms.DecimalField):
    """A share typed in percent, given as whole basis points (1/10,000)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            min_value=Decimal("0.01"), max_value=100, decimal_places=2, **options
        )
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self, value: Any) -> Any:
        percent = super().clean(value)
        return None if percent is None else int(percent * 100)


class DayField(forms.DateField):
    """A day, by the browser's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _private(**attrs: Any) -> forms.TextInput:
    """A box whose browser keeps no list of what was typed into it before."""
    return forms.TextInput(attrs={"autocomplete": "off", **attrs})


class UploadForm(forms.Form):
    """Which month, and the file."""

    month = forms.TypedChoiceField(label=_("Month"), coerce=periods.parse)
    file = forms.FileField(
        label=_("Statement"),
        help_text=_(".xlsx or .csv, at most 5 MB"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
    )

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        period = periods.first_day(today)
        choices = []
        for _month in range(_MONTHS_BACK):
            choices.append((f"{period:%Y-%m}", month_label(period)))
            period = periods.preceding(period)
        month = self.fields["month"]
        assert isinstance(month, forms.TypedChoiceField)
        month.choices = choices
        last = periods.preceding(periods.first_day(today))
        self.initial.setdefault("month", f"{last:%Y-%m}")


class ReasonForm(forms.Form):
    """Why something goes back."""

    reason = ParagraphField(
        label=_("Reason"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class PayInForm(forms.Form):
    """A payment as the bank shows it."""

    amount_fen = YuanField(label=_("Sum, yuan"))
    reference = LineField(
        label=_("Bank reference"),
        max_length=60,
        help_text=_("As the bank statement shows it. It is never made public."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class _Pictures(forms.ClearableFileInput):
    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Several files under one name, given as a list."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=_Pictures(attrs={"accept": "image/*", "multiple": True}), **options
        )

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = data if isinstance(data, list | tuple) else [data]
        return [super(PicturesField, self).clean(file, initial) for file in files]


class DisburseForm(forms.Form):
    """What was handed over, and what proves it."""

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    amount_fen = YuanField(label=_("Sum, yuan"))
    kind = forms.ChoiceField(
        label=_("Given as"),
        choices=Disbursement.Kind.choices,
        initial=Disbursement.Kind.CASH,
        widget=forms.RadioSelect,
    )
    goods = LineField(
        label=_("Which goods"),
        max_length=120,
        required=False,
        help_text=_("Only for goods, such as: rice 20 jin, oil 5 litres"),
    )
    receipt = forms.FileField(
        label=_("Signed receipt"),
        help_text=_("A photo or PDF. Only staff and auditors see it."),
        widget=forms.FileInput(attrs={"accept": "image/*,application/pdf"}),
    )
    photos = PicturesField(
        label=_("Photos of handing over"),
        help_text=_("One to nine. Staff and auditors see them."),
    )
    stage = forms.ChoiceField(
        label=_("The photos show"),
        choices=DisbursementPhoto.Stage.choices,
        initial=DisbursementPhoto.Stage.DURING,
    )


class DecideForm(forms.Form):
    """What a finding comes to, and why."""

    verdict = forms.ChoiceField(
        label=_("Decision"),
        choices=FindingDecision.Verdict.choices,
        widget=forms.RadioSelect,
    )
    reason = LineField(label=_("Reason"), max_length=200)


class FactForm(forms.Form):
    """A line of another office's list."""

    kind = forms.ChoiceField(label=_("List"), choices=OutsideFact.Kind.choices)
    id_number = LineField(
        label=_("ID number"),
        max_length=24,
        help_text=_("It is not kept: only a mark by which it is found again."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    on_date = forms.DateField(
        label=_("Date"), widget=forms.DateInput(attrs={"type": "date"})
    )
    source = LineField(label=_("Which office's list"), max_length=80)


class SupermarketForm(forms.Form):
    """A supermarket as its licence has it, and who will file for it."""

    name = LineField(label=_("Name"), max_length=60)
    uscc = LineField(
        label=_("Unified social credit code"), max_length=24, widget=_private()
    )
    division = VillageField(label=_("Where the shop stands"))
    manager_name = LineField(label=_("Manager's name"), max_length=60)
    manager_phone = LineField(
        label=_("Manager's mobile number"),
        max_length=24,
        help_text=_("They log in with it, by a code that is sent there."),
        widget=forms.TextInput({"type": "tel", "inputmode": "numeric"}),
    )


class HouseholdForm(forms.Form):
    """A household as the county's list has it."""

    village = VillageField(label=_("Village"))
    name = LineField(label=_("Householder's name"), max_length=60, widget=_private())
    id_number = LineField(
        label=_("ID number"),
        max_length=24,
        help_text=_("Kept encrypted, and shown on no page."),
        widget=_private(),
    )
    contact_phone = LineField(
        label=_("Contact's mobile number"),
        max_length=24,
        help_text=_("A text with a link goes there whenever something was handed out."),
        widget=_private(type="tel", inputmode="numeric"),
    )
    contact_name = LineField(
        label=_("Contact's name, if it is not the householder"),
        max_length=60,
        required=False,
        widget=_private(),
    )
    bank_card = LineField(
        label=_("Bank card"), max_length=32, required=False, widget=_private()
    )
    card_holder = LineField(
        label=_("Name on the card, if it is not the householder's"),
        max_length=60,
        required=False,
        widget=_private(),
    )


class CardForm(forms.Form):
    """A household's card, entered anew."""

    bank_card = LineField(
        label=_("Bank card"), max_length=32, widget=_private(inputmode="numeric")
    )
    card_holder = LineField(
        label=_("Name on the bank card"), max_length=60, widget=_private()
    )


class ContactForm(forms.Form):
    """Who answers for a household."""

    contact_name = LineField(label=_("Contact"), max_length=60, widget=_private())
    contact_phone = LineField(
        label=_("Contact's mobile number"),
        max_length=24,
        help_text=_("Links that were sent before stop working."),
        widget=_private(type="tel", inputmode="numeric"),
    )


class MemberForm(forms.Form):
    """Somebody who lives in a household."""

    name = LineField(label=_("Full name"), max_length=60, widget=_private())
    id_number = LineField(
        label=_("ID number"),
        max_length=24,
        help_text=_("Kept encrypted, and shown on no page."),
        widget=_private(),
    )
    relation = LineField(label=_("Relation to the householder"), max_length=20)


class AgreementForm(forms.Form):
    """What a supermarket promises."""

    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"))
    rate_bp = PercentField(label=_("Share of profit, percent"))
    cap_fen = YuanField(label=_("At most a month, yuan"))
    basis = forms.ChoiceField(
        label=_("Counted on"),
        choices=Agreement.Basis.choices,
        initial=Agreement.Basis.ALL,
        widget=forms.RadioSelect,
    )


class AgreementChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """An agreement by its supermarket, share and days."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} · {obj.starts_on:%Y-%m-%d} – {obj.ends_on:%Y-%m-%d}"


class PairForm(forms.Form):
    """A household's part in an agreement."""

    agreement = AgreementChoice(
        label=_("Agreement"), queryset=Agreement.objects.none(), empty_label=None
    )
    weight = forms.IntegerField(
        label=_("Weight in the sharing"),
        min_value=1,
        max_value=1_000,
        initial=1,
        help_text=_("Against the agreement's other households: 2 gets twice as much."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    from_on = DayField(
        label=_("First day"), help_text=_("The whole month of this day counts.")
    )

    def __init__(
        self, *args: Any, household: Household, today: date, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        choice = self.fields["agreement"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = (
            Agreement.objects.filter(ends_on__gte=today)
            .exclude(pairings__household=household)
            .select_related("supermarket")
            .order_by("supermarket__name", "starts_on")
        )


class EndPairingForm(forms.Form):
    """The last day of a household's part."""

    on = DayField(
        label=_("Last day"), help_text=_("The month of this day still counts.")
    )
