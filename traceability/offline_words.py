"""What the page without a network says: whole sentences, put in by its script.

Names in %(…)s are filled in by traceability/static/offline/app.js.
"""

from typing import Any

from django.utils.translation import gettext as _

State = dict[str, str]


def all_words(*, issuer: str) -> dict[str, Any]:
    """Every sentence in the reader's language. `issuer` is the log's name."""
    return {
        "issuer": issuer,
        "states": _states(),
        "facts": {
            "product": _("Product"),
            "weight": _("Weight"),
            "village": _("Village"),
            "harvested": _("Harvested"),
            "use_by": _("Use by"),
            "lot": _("Lot number"),
            "certificate": _("Certificate"),
            "code": _("Label code"),
        },
        "jin": _("%(jin)s jin"),
        "lists": _("Lists of %(when)s (%(ago)s)"),
        "numbers": _(
            "Key list no. %(keys)s, revocation list no. %(list)s, %(lines)s lines of "
            "the public log"
        ),
        "nolists": _(
            "There are no lists on this phone yet. Open this page once with a network."
        ),
        "late": _(
            "These lists are old: what was withdrawn since then is not in them. "
            "Fetch them anew as soon as there is a network."
        ),
        "clock": _("These lists are from the future: set this phone's clock."),
        "unreachable": _("No network just now. The lists on this phone are used."),
        "refused": _(
            "The lists that came are false or older than those here, and were not "
            "taken. Tell the county."
        ),
        "unkept": _("This browser keeps nothing: the lists go when you close it."),
        "insecure": _(
            "This browser checks signatures only on an address that begins with "
            "https://."
        ),
        "nopicture": _("There is no code in this picture that can be read."),
    }


def _state(tone: str, icon: str, word: str, line: str, more: str = "") -> State:
    return {"tone": tone, "icon": icon, "word": word, "line": line, "more": more}


def _states() -> dict[str, State]:
    """By what static/offline/lists.js finds."""
    issued = _("Signature right: this was issued by %(issuer)s on %(when)s.")
    unique = _("A signature proves issue, not that this is the only copy.")
    return {
        "holds": _state("ok", "badge-check", _("Signature right"), issued, unique),
        "unlisted": _state(
            "warn",
            "triangle-alert",
            _("Signature right"),
            issued,
            _("Whether it was withdrawn since then cannot be told without the lists."),
        ),
        "recalled": _state(
            "bad",
            "octagon-alert",
            _("Recalled"),
            _("Do not eat this. Contact the seller and get your money back."),
        ),
        "revoked": _state(
            "bad",
            "ban",
            _("Certificate revoked"),
            _("The certificate for this lot was withdrawn."),
        ),
        "voided": _state(
            "bad",
            "ban",
            _("Label voided"),
            _("This label was taken out of use. It belongs on no package."),
        ),
        "superseded": _state(
            "warn",
            "history",
            _("Replaced"),
            _("This lot was repacked and has a new certificate."),
        ),
        "expired": _state(
            "warn",
            "clock",
            _("Past its date"),
            _("To be used by %(date)s. The signature is right."),
        ),
        **_false_states(),
        **_open_states(),
    }


def _false_states() -> dict[str, State]:
    return {
        "unreadable": _state(
            "bad",
            "shield-x",
            _("Not a box code"),
            _(
                "This box code is cut off, mistyped or none of ours. Scan it once "
                "more; if it stays so, do not trust this box."
            ),
        ),
        "foreign": _state(
            "bad",
            "shield-x",
            _("Signed by somebody else"),
            _("The key that signed this is none of ours. Do not trust this box."),
        ),
        "false": _state(
            "bad",
            "shield-x",
            _("Signature wrong"),
            _(
                "This names our key, but our key never signed it so: something in it "
                "was changed. Do not trust this box."
            ),
        ),
        "undated": _state(
            "bad",
            "shield-x",
            _("Signature wrong"),
            _("It is dated outside the time of its key. Do not trust this box."),
        ),
        "stolen": _state(
            "bad",
            "shield-x",
            _("Do not trust it yet"),
            _(
                "Others may have had the key that signed this since %(since)s. Only "
                "with a network can be told whether it was signed before."
            ),
        ),
        "other": _state(
            "bad",
            "shield-x",
            _("Not our code"),
            _("This code is forged or mistyped. Do not trust this package."),
        ),
    }


def _open_states() -> dict[str, State]:
    return {
        "bag": _state(
            "",
            "wifi-off",
            _("Cannot be decided"),
            _(
                "A code has this form, and it is not on the list of what was "
                "withdrawn. Whether it is one of ours only the network can tell."
            ),
        ),
        "nokeys": _state(
            "",
            "wifi-off",
            _("Could not check"),
            _(
                "There are no lists on this phone yet. Open this page once with a "
                "network."
            ),
        ),
    }
