"""Forms of traceability. They read and check what was typed; operations judge it."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from partners.cleaning import LineField, ParagraphField
from partners.measures import GRAMS_PER_JIN, jin
from partners.organisations.models import Farmer
from traceability import regulation
from traceability.models import (
    Certificate,
    Event,
    Evidence,
    Lot,
    Plot,
)


class JinField(forms.DecimalField):
    """A weight typed in 斤, handed on in whole grams."""

    def __init__(self, *, label: Any, **options: Any) -> None:
        super().__init__(
            label=label,
            min_value=Decimal("0.002"),
            max_value=Decimal(20_000_000),
            decimal_places=3,
            **options,
        )

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "step": "any", "min": "0"}

    def clean(self, value: Any) -> int | None:
        jin = super().clean(value)
        if jin is None:
            return None
        grams = jin * GRAMS_PER_JIN
        if grams != grams.to_integral_value():
            raise forms.ValidationError(_("Give the weight in whole grams."))
        return int(grams)


class PlotField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A plot by whose it is, its name and its crop."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.farmer.called} · {obj.name} · {obj.crop}"


class AreaField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A village with farmers, or what lies above one, by its name and what it is."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.get_level_display()}"


class DayField(forms.DateField):
    """A day, by the phone's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PlotForm(forms.Form):
    """A farmer's plot."""

    farmer = forms.ModelChoiceField(
        label=_("Farmer"),
        queryset=Farmer.objects.none(),
        empty_label=_("Choose the farmer"),
    )
    name = LineField(
        label=_("What the village calls the plot"),
        max_length=40,
        widget=forms.TextInput(attrs={"placeholder": _("Wang's slope, no. 2")}),
    )
    crop = LineField(label=_("What grows there"), max_length=30)
    area_mu = forms.DecimalField(
        label=_("Area in mu"),
        min_value=Decimal("0.01"),
        max_value=Decimal(99_999),
        decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
    )

    def __init__(self, *args: Any, farmers: QuerySet[Farmer], **options: Any) -> None:
        super().__init__(*args, **options)
        choice = self.fields["farmer"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = farmers


class LotForm(forms.Form):
    """One harvest of one plot."""

    plot = PlotField(
        label=_("Plot"), queryset=Plot.objects.none(), empty_label=_("Choose the plot")
    )
    product_name = LineField(label=_("Product"), max_length=60)
    harvest_date = DayField(label=_("Harvest date"))
    weight_g = JinField(label=_("Weight in jin"))

    def __init__(self, *args: Any, plots: QuerySet[Plot], **options: Any) -> None:
        super().__init__(*args, **options)
        choice = self.fields["plot"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = plots


class EventForm(forms.Form):
    """What happened to a lot."""

    kind = forms.ChoiceField(
        label=_("What happened"), choices=Event.Kind.choices, widget=forms.RadioSelect
    )
    happened_at = forms.DateTimeField(
        label=_("When"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
    )
    substance = LineField(label=_("What was sprayed"), max_length=40)
    interval_days = forms.IntegerField(
        label=_("Safety interval in days"),
        min_value=0,
        max_value=180,
        help_text=_("It stands on the package. No harvest before it is over."),
    )
    weight_g = JinField(label=_("Weight in jin"))
    note = LineField(label=_("Note"), max_length=200)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Which of them a kind needs is for the operation to say.
        for name in ("substance", "interval_days", "weight_g", "note"):
            self.fields[name].required = False


class EvidenceForm(forms.Form):
    """A paper or picture about a lot."""

    kind = forms.ChoiceField(
        label=_("What it is"), choices=Evidence.Kind.choices, widget=forms.RadioSelect
    )
    file = forms.FileField(
        label=_("File or photo"),
        help_text=_("PDF, JPEG, PNG or WebP, at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": "image/*,application/pdf"}),
    )
    title = LineField(label=_("Title"), max_length=60)
    result = LineField(
        label=_("Result in words"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("No residues found")}),
    )
    done_on = DayField(label=_("Date on the paper"), required=False)
    identifier = LineField(label=_("Number on the mark"), max_length=24, required=False)


class CertificateForm(forms.Form):
    """A certificate for a part of a lot."""

    form = forms.ChoiceField(
        label=_("Whose certificate"),
        choices=Certificate.Form.choices,
        initial=Certificate.Form.HOUSEHOLD,
        required=False,
        widget=forms.RadioSelect,
    )
    quantity_g = JinField(label=_("How much, in jin"))
    basis = forms.MultipleChoiceField(
        label=_("Based on"),
        choices=list(regulation.BASES.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    promisor = LineField(label=_("Promisor"), max_length=60)
    uscc = LineField(
        label=_("Unified social credit code"),
        max_length=24,
        required=False,
        help_text=_("Enterprises and cooperatives; buyers that have one."),
    )
    contact = LineField(
        label=_("Contact details"),
        max_length=60,
        help_text=_("On the paper that goes with the goods; in public only a part."),
    )

    def clean_form(self) -> str:
        """Whose it is; a household's where nothing was chosen."""
        return self.cleaned_data["form"] or Certificate.Form.HOUSEHOLD


class CollectedForm(forms.Form):
    """What a certificate says that came with produce."""

    form = forms.ChoiceField(
        label=_("Whose certificate"),
        choices=Certificate.Form.choices,
        widget=forms.RadioSelect,
    )
    number = LineField(
        label=_("Certificate number"),
        max_length=40,
        help_text=_(
            "Where it bears none, give it one and write it on the paper. Everybody can "
            "read it: name no person."
        ),
    )
    product = LineField(label=_("Product name"), max_length=60)
    quantity_g = JinField(label=_("Weight in jin"))
    origin = LineField(label=_("Place of origin"), max_length=80)
    promisor = LineField(label=_("Promisor"), max_length=60)
    contact = LineField(label=_("Contact details"), max_length=60)
    issued_on = DayField(label=_("Issued on"))


class LabelsForm(forms.Form):
    """Labels under a certificate."""

    product_name = LineField(label=_("Words on the label"), max_length=60)
    pack_g = JinField(label=_("Weight of one pack in jin"))
    count = forms.IntegerField(
        label=_("Number of labels"),
        min_value=1,
        max_value=100_000,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    scratch = forms.BooleanField(
        label=_("With a hidden code to scratch free"),
        required=False,
        help_text=_(
            "For dear goods: stick a silver field over it. Its buyer scratches it free "
            "and knows for sure."
        ),
    )


class TwiceForm(forms.Form):
    """What is said, shown what it will do, and then said once more: yes."""

    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def is_confirmed(self) -> bool:
        """Whether it is whole and the second yes was said."""
        return self.is_valid() and bool(self.cleaned_data["confirmed"])


class StrikeForm(TwiceForm):
    """Why an event is struck out."""

    reason = LineField(label=_("Reason"), max_length=200)


class TakeOffForm(StrikeForm):
    """How much was never there, and why it was written down."""

    weight_g = JinField(label=_("Too much, in jin"))


class VoidForm(TwiceForm):
    """Which label is taken out of use, and why."""

    code = LineField(
        label=_("Code on the label"),
        max_length=200,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters"}
        ),
    )
    reason = LineField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Everybody who scans the label reads it. Name no person."),
    )

    def clean_code(self) -> str:
        """The code alone: a label's picture holds its whole address."""
        return str(self.cleaned_data["code"]).rstrip("/").rsplit("/", 1)[-1]


class SplitForm(TwiceForm):
    """Weights of the parts that are taken out of a lot."""

    PARTS = 6

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for number in range(1, self.PARTS + 1):
            label = _("Part %(number)s, in jin") % {"number": number}
            self.fields[f"part_{number}"] = JinField(label=label, required=number == 1)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        parts = (data.get(f"part_{n}") for n in range(1, self.PARTS + 1))
        return data | {"weights_g": [weight_g for weight_g in parts if weight_g]}


class MergeForm(TwiceForm):
    """How much of which lots goes into a new one."""

    product_name = LineField(label=_("Product"), max_length=60)

    def __init__(self, *args: Any, lots: list[Lot], **options: Any) -> None:
        super().__init__(*args, **options)
        self.lots = lots
        for lot in lots:
            grower = lot.farmer.called if lot.farmer else lot.product_name
            label = _("From %(lot)s, in jin") % {"lot": f"{grower} · {lot.number}"}
            free = _("%(jin)s jin are free.") % {"jin": jin(lot.free_g)}
            self.fields[f"lot_{lot.pk}"] = JinField(
                label=label, required=False, help_text=free
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        weights = [(lot, data.get(f"lot_{lot.pk}")) for lot in self.lots]
        return data | {"portions": [(lot, g) for lot, g in weights if g]}


class AlarmForm(forms.Form):
    """What an alarm about the log was."""

    note = ParagraphField(
        label=_("What was done"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What it was, who was told, what was restored."),
    )


class WithdrawForm(TwiceForm):
    """Why something said in public no longer holds, and then once more: yes."""

    reason = ParagraphField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Everybody who scans a label reads it. Name no person."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
