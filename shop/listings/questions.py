"""How each question about a sentence is put, in one spoken sentence."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop.listings.terms import Question

_TEXTS = {
    ("farmer", "missing"): _("Whose is it?"),
    ("farmer", "unknown"): _("“%(words)s” is not on your list. Who is it?"),
    ("farmer", "which"): _("There is more than one “%(words)s”. Which one?"),
    ("farmer", "several"): _("You said %(words)s. Whose is it? One offer, one farmer."),
    ("farmer", "alike"): _("It sounds like %(words)s. Which one?"),
    ("title", "alike"): _("It sounds like %(words)s. Which one?"),
    ("title", "missing"): _("What is it?"),
    ("title", "several"): _("You said %(words)s. Which one? One offer, one thing."),
    ("category", "missing"): _("Where does it belong?"),
    ("pack", "missing"): _("How much is one pack?"),
    ("pack", "vague"): _("You said “%(words)s”. How much exactly is one pack?"),
    ("pack", "several"): _("You said %(words)s. Which pack? List the other one apart."),
    ("price", "missing"): _("What does one pack cost?"),
    ("price", "vague"): _("You said “%(words)s”. What exactly does one pack cost?"),
    ("price", "several"): _("You said %(words)s. Which price is right?"),
    ("capacity", "missing"): _("How many packs are there?"),
    ("capacity", "vague"): _("You said “%(words)s”. How many packs can you promise?"),
    ("capacity", "several"): _("You said %(words)s. How many packs are there?"),
    ("capacity", "conflict"): _(
        "“%(words)s” is less than one pack. How many are there?"
    ),
    ("capacity", "unit"): _("You said “%(words)s”. How many packs does that make?"),
    ("harvest", "missing"): _("When is it picked? Buyers want to know."),
    ("harvest", "vague"): _("You said “%(words)s”. Which day is it picked?"),
    ("harvest", "several"): _("You said %(words)s. Which day is it picked?"),
    ("harvest", "past"): _("“%(words)s” does not fit. Which day is it picked?"),
    ("freight", "missing"): _("What does sending it cost?"),
    ("freight", "free"): _("You said “%(words)s”. Choose a freight without charge."),
    ("heard", "alike"): _(
        "Read by its sound: %(words)s. Correct below what was meant otherwise."
    ),
    ("claim", "certificate"): _(
        "“%(words)s” may only be said with a certificate, so the title leaves it out."
    ),
}


def words(question: Question) -> str:
    """The question in the reader's language."""
    text = _TEXTS.get((question["field"], question["why"]))
    if question["field"] == "capacity" and question["why"] == "missing":
        text = (
            _("You said “%(words)s”. How many packs does that make?")
            if question["words"]
            else text
        )
    if text is None:
        return gettext("Please fill this in.")
    return str(text) % {"words": question["words"]}
