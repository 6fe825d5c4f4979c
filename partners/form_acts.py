"""What a view does with a form: act on it, or show what was said against it."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.forms import BaseForm

T = TypeVar("T")


def carried_out(
    form: BaseForm,
    act: Callable[[dict[str, Any]], T],
    *refusals: type[Exception],
    field: str = "",
) -> T | None:
    """What `act` made of the form's data; None where the form is to be shown (again).

    A refusal's sentence goes to the field that the exception names in `.field`, else
    to `field`, else to the top of the form.
    """
    if not form.is_bound or not form.is_valid():
        return None
    try:
        return act(form.cleaned_data)
    except refusals as error:
        about = getattr(error, "field", "") or field
        form.add_error(about if about in form.fields else None, str(error))
        return None
