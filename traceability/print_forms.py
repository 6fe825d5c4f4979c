"""The form that prints labels. It reads what was typed; the operation judges it."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.cleaning import LineField
from traceability import codes, queries
from traceability.models import LabelBatch, LabelPrint
from traceability.printing import BOX_PAPERS, offered_papers

_USUAL_PAPER = "50x30"
_LONGEST_PLACE = 6  # digits


class LabelField(LineField):
    """A label of one batch: its place there, from 1 on, or its code. Handed on as its
    number."""

    def __init__(self, *, label: Any) -> None:
        super().__init__(
            label=label,
            max_length=200,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )
        self.batch: LabelBatch | None = None

    def clean(self, value: Any) -> int:
        text = str(super().clean(value))
        assert self.batch is not None
        if text.isascii() and text.isdigit() and len(text) <= _LONGEST_PLACE:
            number: int | None = self.batch.first_number + int(text) - 1
        else:
            # A label's picture holds its whole address.
            number = codes.number_of(text.rstrip("/").rsplit("/", 1)[-1])
        if number is None or not self.batch.holds(number):
            raise forms.ValidationError(
                _("This is no label of this batch: give 1 to %(count)s, or a code."),
                params={"count": self.batch.count},
            )
        return number


class MillimetreField(forms.DecimalField):
    """A small distance, typed in millimetres, handed on in micrometres."""

    def __init__(self, *, label: Any) -> None:
        super().__init__(label=label, max_digits=4, decimal_places=1)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "step": "0.1", "min": "-5", "max": "5"}

    def clean(self, value: Any) -> int:
        return int((super().clean(value) or Decimal(0)) * 1000)


class PrintForm(forms.Form):
    """Which labels of a batch, on what."""

    paper = forms.ChoiceField(label=_("Paper"))
    reason = LineField(
        label=_("Why again"),
        max_length=200,
        required=False,
        help_text=_(
            "For labels that were printed before: jammed, smudged, lost. It is kept."
        ),
    )
    first = LabelField(label=_("From label"))
    last = LabelField(label=_("To label"))
    first_place = forms.IntegerField(
        label=_("First free label on the sheet"),
        min_value=1,
        max_value=999,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    right = MillimetreField(label=_("Move right"))
    down = MillimetreField(label=_("Move down"))

    def __init__(
        self,
        *args: Any,
        batch: LabelBatch,
        last_print: LabelPrint | None,
        paper: str = "",
        printed_before: bool,
    ) -> None:
        super().__init__(*args)
        for name in ("first", "last"):
            field = self.fields[name]
            assert isinstance(field, LabelField)
            field.batch = batch
        choices = list(_choices(batch))
        self.fields["paper"].choices = choices  # type: ignore[attr-defined]
        known = {name for _kind, papers in choices for name, _title in papers}
        wanted = (paper, last_print.paper if last_print else "", _USUAL_PAPER)
        if not printed_before:
            del self.fields["reason"]
        begin = queries.next_to_print(batch) - batch.first_number + 1
        self.initial = {
            "paper": next((name for name in wanted if name in known), ""),
            "first": begin if begin <= batch.count else "",
            "last": batch.count if begin <= batch.count else "",
            "first_place": 1,
            "right": _millimetres(last_print.right_um if last_print else 0),
            "down": _millimetres(last_print.down_um if last_print else 0),
        }

    def clean(self) -> dict[str, Any]:
        """The words of `operations.print_labels`."""
        data = dict(super().clean() or {})
        data["shift_um"] = (data.pop("right", 0), data.pop("down", 0))
        return data


def _choices(batch: LabelBatch) -> Iterator[tuple[Any, Any]]:
    """Papers by where they go, and last the table for printers elsewhere."""
    offered = offered_papers(scratch=bool(batch.scratch))
    for kind, papers in groupby(offered, key=lambda paper: paper.kind):
        yield kind.value, [(paper.name, paper.title) for paper in papers]
    if queries.box_issue_that_holds(batch) is not None:
        # Closed, a choice shows no group: a roll of small labels has the same size.
        word = _("Box label")
        boxes = [(it.name, f"{word} {it.title}") for it in BOX_PAPERS.values()]
        yield _("Box labels with all facts"), boxes
    outside = _("Code and address of each label, as CSV")
    yield _("A printing shop elsewhere"), [(LabelPrint.TABLE, outside)]


def _millimetres(micrometres: int) -> str:
    return f"{micrometres / 1000:g}"
