"""Says whether the ledger is in order, and ends with an error where it is not."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.ledger import queries
from partners.ledger.models import AccountKind
from partners.measures import yuan

FAULTS_SHOWN = 20


def head(text: str) -> queries.Head:
    """A head as the report prints it: sequence, colon, 64 hexadecimal digits."""
    match = re.fullmatch(r"(\d+):([0-9a-f]{64})", text)
    if match is None:
        raise ArgumentTypeError(f"not SEQUENCE:SEAL: {text!r}")
    return queries.Head(int(match[1]), match[2])


class Command(BaseCommand):
    """`manage.py ledger_report [--expect SEQUENCE:SEAL]`"""

    help = (
        "Print the trial balance and recompute every entry and seal. "
        "Ends with an error if anything is off."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--expect",
            type=head,
            help="a seal written down earlier, which the chain must still contain",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        trial = queries.trial_balance(now)
        self._show_trial(trial)
        verification = queries.verify(expected=options["expect"])
        self._show_verification(verification)
        if not (trial.balanced and verification.ok):
            raise CommandError(_("The ledger is not in order."))
        self.stdout.write(self.style.SUCCESS(_("The ledger is in order.")))

    def _show_trial(self, trial: queries.TrialBalance) -> None:
        for row in trial.rows:
            kind = AccountKind(row.kind).label
            self.stdout.write(
                f"{row.pattern:<24}{row.accounts:>7} {yuan(row.debit_fen):>18}"
                f"{yuan(row.credit_fen):>18}  {kind}"
            )
        self.stdout.write(
            f"{'':<24}{sum(row.accounts for row in trial.rows):>7}"
            f" {yuan(trial.debit_fen):>18}{yuan(trial.credit_fen):>18}"
        )
        if trial.balanced:
            self.stdout.write(_("Debits equal credits."))
        else:
            self.stderr.write(_("Debits and credits differ, or too much was taken."))

    def _show_verification(self, verification: queries.Verification) -> None:
        self.stdout.write(
            _("%(entries)d entries: %(sealed)d sealed, %(unsealed)d waiting.")
            % {
                "entries": verification.entries,
                "sealed": verification.sealed,
                "unsealed": verification.unsealed,
            }
        )
        self.stdout.write(_("Last seal: %(head)s") % {"head": verification.head})
        for fault in verification.faults[:FAULTS_SHOWN]:
            self.stderr.write(str(fault))
        more = len(verification.faults) - FAULTS_SHOWN
        if more > 0:
            self.stderr.write(_("and %(count)d more faults") % {"count": more})
