"""The hidden code: one atomic UPDATE decides, and wrong guesses are counted."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from partners.limits import Limit, TooOften, give_back, spend
from traceability import codes, queries
from traceability.devices import device_hash
from traceability.models import Label
from traceability.queries import Verdict
from traceability.scratch import is_scratch_code

_HOUR = timedelta(hours=1)
# Wrong guesses. Behind a mobile carrier many buyers share a network address.
OF_ADDRESS = Limit("scratch-address", 60, _HOUR)
OF_LABEL_THERE = Limit("scratch-label-there", 5, _HOUR)
OF_LABEL = Limit("scratch-label", 50, _HOUR)
# When a label is guessed at from everywhere, each address still has this one.
LAST_TRY = Limit("scratch-last-try", 1, _HOUR)

# A limit, and for whom one of it was used.
_Spent = tuple[Limit, str]


class UnableToScratch(Exception):
    """The hidden code decided nothing; the message says why and what to do."""


def scratch_label(
    *, code: str, hidden: str, device: str, address: str, at: datetime
) -> Verdict:
    """Use a label's hidden code, once for ever; the verdict for the asker afterwards.

    The first device that tells it right has opened the package (OPENED), again and
    again; any other is told when that was (SUSPICIOUS). Of many at the same moment one
    is the first. Where the label does not stand, that verdict comes back unchanged.

    `address` is the network's, and kept only hashed, with the count of wrong guesses.
    Errors: UnableToScratch for a wrong code, or where there is none; TooOften after
    too many, which says when to try again: then a right code is as good as ever.
    """
    number = codes.number_of(code)
    if number is None:
        return queries.judge(text=code, device=device, now=at)
    # Before anything is read: whoever guesses ten thousand times costs little.
    spent = _spend_a_guess(number, address, at)
    verdict = queries.judge(text=code, device=device, now=at)
    if verdict.is_genuine and not _is_right(verdict, number, hidden):
        raise UnableToScratch(
            _("This is not the hidden code. Compare each character and try again.")
        )
    _give_back(spent, at)
    if not verdict.is_genuine:
        return verdict
    # The condition is the guard: whoever comes second changes nothing.
    Label.objects.filter(
        pk=number, scratched_at__isnull=True, activated_at__isnull=False
    ).update(scratched_at=at, scratched_by=device_hash(device))
    return queries.judge(text=code, device=device, now=at)


def _is_right(verdict: Verdict, number: int, hidden: str) -> bool:
    has_one = verdict.facts is not None and verdict.facts.batch.scratch
    return bool(has_one) and is_scratch_code(number, hidden)


def _spend_a_guess(number: int, address: str, at: datetime) -> list[_Spent]:
    """Count a guess before it is compared, so that many at once are counted too.

    The label from there first: once that is shut, a knock writes nothing. Then the
    address. The label from everywhere comes last and shuts nobody out who has not
    guessed wrong from where they are: else a stranger could keep its buyer from it for
    ever.
    Errors: TooOften.
    """
    there = f"{number} {address}"
    spent: list[_Spent] = []
    try:
        for limit, subject in ((OF_LABEL_THERE, there), (OF_ADDRESS, address)):
            spend(limit=limit, subject=subject, at=at)
            spent.append((limit, subject))
        spent.append(_spend_of_label(number, there, at))
    except TooOften:
        # Knocking at what is shut is no guess.
        _give_back(spent, at)
        raise
    return spent


def _spend_of_label(number: int, there: str, at: datetime) -> _Spent:
    try:
        spend(limit=OF_LABEL, subject=str(number), at=at)
    except TooOften:
        spend(limit=LAST_TRY, subject=there, at=at)
        return LAST_TRY, there
    return OF_LABEL, str(number)


def _give_back(spent: list[_Spent], at: datetime) -> None:
    for limit, subject in spent:
        give_back(limit=limit, subject=subject, at=at)
