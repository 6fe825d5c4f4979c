"""What staff type about freight: places by their names, kilograms, yuan."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from logistics.models import FreightRule, FreightTemplate
from logistics.operations import RegionPrice
from logistics.regions import codes_called, region_written
from partners.cleaning import LineField
from partners.measures import decimal_yuan

_BETWEEN = re.compile(r"[、,,;;\s]+")
MOST_ROWS = 34
BLANK_ROWS = 1
FEWEST_ROWS = 3


class RegionsField(LineField):
    """Places as people name them, 湖南、长沙市; given as beginnings of codes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=400, **options)
        self.widget.attrs |= {"autocomplete": "off"}

    def clean(self, value: Any) -> Any:
        words = [word for word in _BETWEEN.split(super().clean(value)) if word]
        return tuple(dict.fromkeys(_code_of(word) for word in words))


def _code_of(word: str) -> str:
    found = codes_called(word)
    if not found:
        raise ValidationError(
            _("We know no place called %(word)s.") % {"word": word}, code="unknown"
        )
    if len(found) > 1:
        names = "、".join(region_written(code) for code in found[:6])
        raise ValidationError(
            _("There are several called %(word)s; write which one: %(names)s.")
            % {"word": word, "names": names},
            code="several",
        )
    return found[0]


def _decimal(label: Any, *, places: int, least: str, **options: Any) -> Any:
    return forms.DecimalField(
        label=label,
        min_value=Decimal(least),
        max_digits=places + 6,
        decimal_places=places,
        error_messages={"min_value": gettext_lazy("Enter a number above zero.")}
        if least != "0"
        else {},
        widget=forms.NumberInput(attrs={"inputmode": "decimal"}),
        **options,
    )


class PriceRow(forms.Form):
    """One price, for the places named or, where none is, for everywhere else."""

    regions = RegionsField(
        label=gettext_lazy("Where to"),
        widget=forms.TextInput(
            attrs={"placeholder": gettext_lazy("empty: everywhere else")}
        ),
    )
    first = _decimal(gettext_lazy("First kg or pieces"), places=3, least="0.001")
    first_yuan = _decimal(gettext_lazy("Price of the first, ¥"), places=2, least="0")
    more = _decimal(gettext_lazy("Each further kg or pieces"), places=3, least="0.001")
    more_yuan = _decimal(gettext_lazy("Price of each further, ¥"), places=2, least="0")
    free_from_yuan = _decimal(
        gettext_lazy("Free from goods of, ¥"), places=2, least="0.01", required=False
    )

    def price(self, basis: str) -> RegionPrice | None:
        """What was typed; None for a row that was left empty."""
        data = self.cleaned_data
        if not data:
            return None
        free = data["free_from_yuan"]
        return RegionPrice(
            region_codes=data["regions"] or ("",),
            first_units=_units(data["first"], basis),
            first_fen=int(data["first_yuan"] * 100),
            additional_units=_units(data["more"], basis),
            additional_fen=int(data["more_yuan"] * 100),
            free_from_fen=int(free * 100) if free else None,
        )


PriceRows = forms.formset_factory(
    PriceRow, extra=0, max_num=MOST_ROWS, validate_max=True, absolute_max=MOST_ROWS
)


def _units(amount: Decimal, basis: str) -> int:
    return int(amount * 1000) if basis == FreightTemplate.Basis.WEIGHT else int(amount)


class TemplateForm(forms.Form):
    """A freight template without its rows of prices."""

    name = LineField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("Assistants choose by it, e.g. fruit, or cold boxes."),
    )
    basis = forms.ChoiceField(
        label=gettext_lazy("Charged"), choices=FreightTemplate.Basis.choices
    )
    not_delivered = RegionsField(
        label=gettext_lazy("Nothing is sent to"),
        help_text=gettext_lazy("Places by their names: 西藏、新疆."),
    )

    def terms(self, rows: Any) -> dict[str, Any]:
        """Template and rows together, as operations take them.

        Errors are put at the row that they are about; then {} is given.
        """
        basis = self.cleaned_data["basis"]
        if basis == FreightTemplate.Basis.PIECE:
            for row in rows:
                for name in ("first", "more"):
                    if (row.cleaned_data.get(name) or 0) % 1:
                        row.add_error(name, _("Enter whole pieces."))
        if any(row.errors for row in rows):
            return {}
        return {
            "name": self.cleaned_data["name"],
            "basis": basis,
            "prices": [price for row in rows if (price := row.price(basis))],
            "not_delivered": self.cleaned_data["not_delivered"],
        }


class AskForm(forms.Form):
    """What would so much to there cost?

    Nothing is `required` for the browser: it may stand folded away in another form,
    which a browser would then refuse to send without a word.
    """

    use_required_attribute = False

    amount = _decimal(gettext_lazy("Kilograms or pieces"), places=3, least="0.001")
    to = RegionsField(label=gettext_lazy("Where to"))
    goods_yuan = _decimal(
        gettext_lazy("Price of the goods, ¥"), places=2, least="0", required=False
    )

    def clean_to(self) -> str:
        codes = self.cleaned_data["to"]
        if len(codes) != 1:
            raise ValidationError(_("Name one place."))
        return str(codes[0])

    def question(self, basis: str) -> dict[str, Any]:
        """The question as `queries.price_by` takes it."""
        data = self.cleaned_data
        return {
            "division_code": data["to"].ljust(12, "0"),
            "units": _units(data["amount"], basis),
            "goods_fen": int((data["goods_yuan"] or 0) * 100),
        }


def rows_of(template: FreightTemplate) -> list[dict[str, Any]]:
    """A template's prices as the form's rows: the same price in one row."""
    rows: dict[tuple[Any, ...], list[str]] = {}
    for rule in template.rules.filter(delivers=True).order_by("region_code"):
        # Everywhere else stands alone: a row of names has no word for it.
        key = (not rule.region_code, *_price_of(rule))
        rows.setdefault(key, []).append(rule.region_code)
    return [
        _as_typed(codes, price, template.basis)
        for (_all, *price), codes in rows.items()
    ]


def _price_of(rule: FreightRule) -> tuple[Any, ...]:
    return (
        rule.first_units,
        rule.first_fen,
        rule.additional_units,
        rule.additional_fen,
        rule.free_from_fen,
    )


def _as_typed(codes: list[str], price: list[Any], basis: str) -> dict[str, Any]:
    first, first_fen, more, more_fen, free_from_fen = price
    return {
        "regions": "、".join(region_written(code) for code in codes if code),
        "first": _amount(first, basis),
        "first_yuan": decimal_yuan(first_fen),
        "more": _amount(more, basis),
        "more_yuan": decimal_yuan(more_fen),
        "free_from_yuan": decimal_yuan(free_from_fen) if free_from_fen else None,
    }


def _amount(units: int, basis: str) -> str:
    if basis != FreightTemplate.Basis.WEIGHT or units % 1000 == 0:
        return str(units // 1000 if basis == FreightTemplate.Basis.WEIGHT else units)
    return f"{Decimal(units) / 1000:f}".rstrip("0")
