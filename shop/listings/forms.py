"""The assistant's and the farmer's forms: what people type, as fen and grams."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from oscar.core.loading import get_model

from logistics.models import FreightTemplate
from partners.cleaning import LineField, ParagraphField
from partners.measures import decimal_yuan
from partners.models import Supermarket
from partners.organisations.models import Assistant, Farmer
from partners.spelling import reads_english
from shop.listings.crops import CROPS
from shop.listings.models import Listing
from shop.listings.sentence import names
from shop.listings.sentence.tokens import BOXES, PIECES
from shop.listings.terms import Changes
from shop.listings.words import category_name, unit_choices

_GRAMS = {"jin": 500, "kg": 1000, "g": 1}
LONGEST_PROMISE = timedelta(days=400)


def _number(**attributes: str) -> forms.NumberInput:
    return forms.NumberInput(attrs={"inputmode": "decimal", **attributes})


class SayForm(forms.Form):
    """The one large field."""

    said = ParagraphField(
        label=gettext_lazy("Say it in one sentence"),
        max_length=200,
        widget=forms.Textarea(
            attrs={
                "rows": 2,
                "placeholder": "王婶家冰糖橙，5斤装29块，下周三摘，有600斤",
                "enterkeyhint": "done",
                "autocomplete": "off",
            }
        ),
        error_messages={"required": gettext_lazy("Say what is for sale.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if reads_english():
            self.fields["said"].help_text = _(
                "Sentences are read in Chinese. The example says: Aunt Wang's "
                "oranges, 5 jin for 29, picked next Wednesday, 600 jin."
            )


class FarmerChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """王婶 · 永固村."""

    def label_from_instance(self, obj: Farmer) -> str:
        return f"{obj.called} · {obj.village.name}"


class CategoryChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """水果, without the path that Oscar writes before it."""

    def label_from_instance(self, obj: Any) -> str:
        return category_name(obj.code, str(obj.name))


_ABOVE_ZERO = {"min_value": gettext_lazy("Enter a number above zero.")}


def _photo_input() -> forms.FileInput:
    return forms.FileInput(
        attrs={"accept": "image/jpeg,image/png,image/webp", "data-preview": "preview"}
    )


class DraftForm(forms.Form):
    """Every term of a draft. Only numbers that make no sense are errors: what is
    missing may stay missing until it is sent."""

    farmer = FarmerChoice(
        label=gettext_lazy("Farmer"),
        queryset=Farmer.objects.none(),
        required=False,
        empty_label=gettext_lazy("Choose the farmer"),
    )
    title = LineField(label=gettext_lazy("What is sold"), max_length=40, required=False)
    category = CategoryChoice(
        label=gettext_lazy("Category"),
        queryset=Farmer.objects.none(),
        required=False,
        empty_label=gettext_lazy("Choose a category"),
    )
    pack = forms.DecimalField(
        error_messages=_ABOVE_ZERO,
        label=gettext_lazy("Weight of one pack"),
        min_value=Decimal("0.01"),
        max_digits=9,
        decimal_places=2,
        required=False,
        widget=_number(),
    )
    pack_unit = forms.ChoiceField(
        label=gettext_lazy("Unit of weight"),
        choices=[
            ("jin", gettext_lazy("jin")),
            ("kg", gettext_lazy("kg")),
            ("g", gettext_lazy("g")),
        ],
        initial="jin",
        required=False,
    )
    pieces = forms.IntegerField(
        error_messages=_ABOVE_ZERO,
        label=gettext_lazy("Pieces in one pack"),
        min_value=1,
        max_value=100_000,
        required=False,
        widget=_number(inputmode="numeric"),
    )
    piece_unit = forms.ChoiceField(
        label=gettext_lazy("Counted in"),
        choices=lambda: unit_choices(PIECES),
        required=False,
    )
    container = forms.ChoiceField(
        label=gettext_lazy("Packed in"),
        choices=lambda: unit_choices(BOXES),
        required=False,
    )
    price = forms.DecimalField(
        error_messages=_ABOVE_ZERO,
        label=gettext_lazy("Price of one pack"),
        min_value=Decimal("0.01"),
        max_value=Decimal("100000"),
        decimal_places=2,
        required=False,
        widget=_number(),
    )
    capacity_packs = forms.IntegerField(
        error_messages=_ABOVE_ZERO,
        label=gettext_lazy("How many packs"),
        min_value=1,
        max_value=1_000_000,
        required=False,
        widget=_number(inputmode="numeric"),
    )
    harvest_on = forms.DateField(
        label=gettext_lazy("Picked on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    fresh = forms.BooleanField(
        label=gettext_lazy("Fresh: spoils quickly, no seven-day return"),
        required=False,
    )
    photo = forms.FileField(
        label=gettext_lazy("Add a photo"), required=False, widget=_photo_input()
    )
    description = ParagraphField(
        label=gettext_lazy("A few words about it"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("How it grew, how it tastes. No need to be long."),
    )
    freight_template = forms.ModelChoiceField(
        label=gettext_lazy("Freight"),
        queryset=FreightTemplate.objects.none(),
        required=False,
        empty_label=gettext_lazy("Choose the freight"),
    )
    supermarket = forms.ModelChoiceField(
        label=gettext_lazy("Through a partner supermarket"),
        queryset=Supermarket.objects.none(),
        required=False,
        empty_label=gettext_lazy("No, straight from the farmer"),
    )
    margin = forms.DecimalField(
        label=gettext_lazy("The supermarket's margin"),
        min_value=Decimal(0),
        max_value=Decimal(50),
        decimal_places=2,
        required=False,
        widget=_number(),
    )

    def __init__(
        self, *args: Any, assistant: Assistant, listing: Listing, **kwargs: Any
    ) -> None:
        kwargs.setdefault("initial", initial_of(listing))
        super().__init__(*args, **kwargs)
        farmers = Farmer.objects.filter(village__in=assistant.villages.all()).order_by(
            "village_id", "called"
        )
        categories = get_model("catalogue", "Category").objects
        choices: dict[str, QuerySet[Any]] = {
            "farmer": farmers.select_related("village").order_by(
                "village_id", "called"
            ),
            "category": categories.filter(depth=1, is_public=True),
            "freight_template": FreightTemplate.objects.filter(
                # One out of use stays where it was chosen before.
                Q(retired_at=None) | Q(pk=listing.freight_template_id)
            ).order_by("name"),
            "supermarket": Supermarket.objects.all(),
        }
        for name, queryset in choices.items():
            cast("forms.ModelChoiceField[Any]", self.fields[name]).queryset = queryset
        self.listing = listing

    def clean_harvest_on(self) -> date | None:
        day: date | None = self.cleaned_data["harvest_on"]
        earliest = self.listing.drafted_at.date() - timedelta(days=60)
        if day and not earliest <= day <= earliest + LONGEST_PROMISE:
            raise ValidationError(_("Choose a day of this harvest."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("pieces") and not cleaned.get("piece_unit"):
            self.add_error("piece_unit", _("Choose what the pieces are counted in."))
        if cleaned.get("margin") and not cleaned.get("supermarket"):
            self.add_error("supermarket", _("Choose whose margin it is."))
        weight = cleaned.get("pack")
        if weight and (weight * _GRAMS[cleaned.get("pack_unit") or "jin"]) % 1:
            self.add_error("pack", _("Enter a weight in whole grams."))
        return cleaned

    def changes(self) -> Changes:
        """What was typed, as terms of the listing."""
        data = self.cleaned_data
        title = data["title"].strip()
        crop = names.what(title, ()).crop or CROPS.get(self.listing.crop)
        weight = data["pack"]
        return {
            "farmer": data["farmer"],
            "title": title,
            "crop": crop.name if crop and title else "",
            "picture": crop.picture if crop and title else "",
            "category": data["category"],
            "pack_g": int(weight * _GRAMS[data["pack_unit"] or "jin"])
            if weight
            else None,
            "pieces": data["pieces"],
            "piece_unit": data["piece_unit"] if data["pieces"] else "",
            "container": data["container"],
            "price_fen": int(data["price"] * 100) if data["price"] else None,
            "capacity_packs": data["capacity_packs"],
            "harvest_on": data["harvest_on"],
            "fresh": data["fresh"],
            "description": data["description"],
            "freight_template": data["freight_template"],
            "supermarket": data["supermarket"],
            "margin_bp": int((data["margin"] or 0) * 100),
        }


def initial_of(listing: Listing) -> dict[str, Any]:
    """A listing's terms as its form shows them."""
    grams = listing.pack_g
    in_grams = bool(grams and (grams < 250 or grams % 5))
    return {
        "farmer": listing.farmer_id,
        "title": listing.title,
        "category": listing.category_id,
        "pack": _plain(Decimal(grams) / (1 if in_grams else 500)) if grams else None,
        "pack_unit": "g" if in_grams else "jin",
        "pieces": listing.pieces,
        "piece_unit": listing.piece_unit,
        "container": listing.container,
        "price": decimal_yuan(listing.price_fen) if listing.price_fen else None,
        "capacity_packs": listing.capacity_packs,
        "harvest_on": listing.harvest_on,
        "fresh": listing.fresh,
        "description": _as_lines(listing.description),
        "freight_template": listing.freight_template_id,
        "supermarket": listing.supermarket_id,
        "margin": _plain(Decimal(listing.margin_bp) / 100)
        if listing.margin_bp
        else None,
    }


def _plain(value: Decimal) -> str:
    """2.50 -> 2.5, 5.00 -> 5."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _as_lines(description: str) -> str:
    """Paragraphs that we made of lines, as lines again."""
    if set(description.split("<")[1::2]) and "<ul" not in description:
        text = description.replace("</p><p>", "\n")
        text = text.removeprefix("<p>").removesuffix("</p>")
        if "<" not in text:
            return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return description


class PhotoForm(forms.Form):
    """One picture of the produce."""

    photo = forms.FileField(
        label=gettext_lazy("Add a photo"), required=False, widget=_photo_input()
    )


class CodeForm(forms.Form):
    """The six digits that a farmer without a browser reads out."""

    code = LineField(
        label=gettext_lazy("Code from the farmer's message"),
        max_length=12,
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "off",
                "placeholder": "000000",
            }
        ),
        error_messages={"required": gettext_lazy("Type the six digits.")},
    )

    def clean_code(self) -> str:
        digits = "".join(
            str(int(char)) for char in self.cleaned_data["code"] if char.isdecimal()
        )
        if len(digits) != 6:
            raise ValidationError(_("The code has six digits."))
        return digits


class PriceForm(forms.Form):
    """A new price of one pack."""

    price = forms.DecimalField(
        error_messages=_ABOVE_ZERO,
        label=gettext_lazy("New price of one pack"),
        min_value=Decimal("0.01"),
        max_value=Decimal("100000"),
        decimal_places=2,
        widget=_number(),
    )


class StockForm(forms.Form):
    """How many packs there are now."""

    packs = forms.IntegerField(
        label=gettext_lazy("How many packs are there now"),
        min_value=0,
        max_value=1_000_000,
        widget=_number(inputmode="numeric"),
    )


class AnswerForm(forms.Form):
    """The farmer's yes or no."""

    answer = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    reason = LineField(max_length=120, required=False)
