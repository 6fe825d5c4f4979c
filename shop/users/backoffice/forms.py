"""What an operator asks and says about people."""

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.cleaning import LineField
from partners.organisations.forms import VillageField
from shop.users.models import Role

# The other roles follow from what somebody is made elsewhere: an assistant of
# villages, a supermarket's manager, a household's contact, a farmer.
GIVEN_HERE = (Role.OPERATOR, Role.AUDITOR, Role.INSPECTOR)


class FindForm(forms.Form):
    """A person by their number."""

    phone = LineField(
        label=_("Mobile number"),
        max_length=24,
        widget=forms.TextInput({"type": "tel", "inputmode": "numeric"}),
    )


class RoleForm(forms.Form):
    """A role to give."""

    role = forms.ChoiceField(
        label=_("One more role"),
        choices=[
            ("", _("Choose a role")),
            *((role.value, role.label) for role in GIVEN_HERE),
        ],
    )


class VillageForm(forms.Form):
    """One more village for an assistant."""

    village = VillageField(label=_("One more village"))
