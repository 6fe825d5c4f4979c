"""The login's fields, one a page, and what people may change about themselves."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.cleaning import LineField
from shop.users.login import CODE_DIGITS


class PhoneForm(forms.Form):
    """Whose account."""

    phone = LineField(
        label=_("Mobile number"),
        max_length=24,
        widget=forms.TextInput(
            {
                "type": "tel",
                "inputmode": "numeric",
                "autocomplete": "tel-national",
                "autofocus": True,
                "enterkeyhint": "next",
            }
        ),
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class CodeForm(forms.Form):
    """The six digits of the text."""

    secret = LineField(
        label=_("Six-digit code"),
        max_length=24,
        widget=forms.TextInput(
            {
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "autofocus": True,
                "enterkeyhint": "go",
                "data-code": CODE_DIGITS,
            }
        ),
    )

    def clean_secret(self) -> str:
        digits = "".join(str(int(d)) for d in re.findall(r"\d", self.data["secret"]))
        if len(digits) != CODE_DIGITS:
            raise forms.ValidationError(_("The code has six digits."))
        return digits


class SecondCodeForm(forms.Form):
    """The authenticator's six digits, or a spare code."""

    secret = LineField(
        label=_("Code from the app"),
        max_length=24,
        widget=forms.TextInput(
            {
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "autofocus": True,
                "enterkeyhint": "go",
            }
        ),
    )


class PasswordForm(forms.Form):
    """The password, for who has one."""

    secret = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(
            {
                "autocomplete": "current-password",
                "autofocus": True,
                "enterkeyhint": "go",
            }
        ),
    )


class NameForm(forms.Form):
    """What to call me."""

    name = LineField(
        label=_("Name"),
        max_length=60,
        widget=forms.TextInput({"autocomplete": "name", "autofocus": True}),
    )


class NewPasswordForm(forms.Form):
    """A new password; the old one is asked unless a code has just let me in."""

    old = forms.CharField(
        label=_("Present password"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )
    password = forms.CharField(
        label=_("New password"),
        help_text=_("At least 8 characters, not only digits."),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, old_needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not old_needed:
            del self.fields["old"]
