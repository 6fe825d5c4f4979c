"""What a recall or a revocation does, told before it is done and after.

Labels are ours. What is sold from a lot and who bought it is known above: every
package adds its own lines through the signals.
"""

from dataclasses import dataclass
from typing import Any

from django.dispatch import Signal
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners import measures
from traceability import queries
from traceability.models import Certificate, Label, LabelBatch, Lot
from traceability.signals import recall_effects, revocation_effects


@dataclass(frozen=True)
class Effect:
    """One thing that is done, in a sentence; `count` is how often.

    `icon` is a name of the sprite. Lines with a count of zero are shown as well: that
    nobody has to be told is worth knowing.
    """

    words: str
    count: int
    url: str = ""
    icon: str = "circle-check"


def of_recall(lot: Lot, *, done: bool) -> list[Effect]:
    """What recalling the lot will do, or has done."""
    lots = queries.lots_with(lot)
    batches = LabelBatch.objects.filter(lot__in=lots)
    return [
        _lots(len(lots), done=done),
        _labels(batches, done=done),
        *_asked(recall_effects, lots=lots, done=done),
    ]


def of_revocation(certificate: Certificate, *, done: bool) -> list[Effect]:
    """What revoking the certificate will do, or has done."""
    batches = LabelBatch.objects.filter(certificate=certificate)
    return [
        _labels(batches, done=done),
        *_asked(revocation_effects, certificate=certificate, done=done),
    ]


def of_superseding(certificate: Certificate) -> list[Effect]:
    """What replacing the certificate will do."""
    batches = LabelBatch.objects.filter(certificate=certificate)
    free = _("%(jin)s jin of the lot can be certified again.") % {
        "jin": measures.jin(queries.repackable_g(certificate))
    }
    return [_labels(batches, done=False), Effect(free, 1)]


def _asked(signal: Signal, **about: Any) -> list[Effect]:
    answers: Any = signal.send(Effect, **about)
    return [effect for _receiver, effects in answers for effect in effects]


def _lots(count: int, *, done: bool) -> Effect:
    words = (
        ngettext("%(count)d lot is recalled.", "%(count)d lots are recalled.", count)
        if done
        else ngettext(
            "%(count)d lot is recalled: no lot was made out of it.",
            "%(count)d lots are recalled: this one and all that it went into.",
            count,
        )
    )
    return Effect(words % {"count": count}, count, icon="octagon-alert")


def _labels(batches: Any, *, done: bool) -> Effect:
    labels = Label.objects.filter(batch__in=batches)
    count, packed = labels.count(), labels.filter(activated_at__isnull=False).count()
    if not count:
        return Effect(_("No labels were made of it."), 0, icon="qr-code")
    words = (
        ngettext(
            "%(count)d label says so to whoever scans it; %(packed)d on packages.",
            "%(count)d labels say so to whoever scans them; %(packed)d on packages.",
            count,
        )
        if done
        else ngettext(
            "%(count)d label will say so to whoever scans it; %(packed)d on packages.",
            "%(count)d labels will say so to whoever scans them; "
            "%(packed)d on packages.",
            count,
        )
    )
    return Effect(words % {"count": count, "packed": packed}, count, icon="qr-code")
