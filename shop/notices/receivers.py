"""What notices does about what happens elsewhere."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django.utils.translation import get_language

from partners.links import household_link
from partners.measures import yuan
from partners.models import Disbursement
from partners.signals import disbursement_made
from shop.notices import operations, tasks
from shop.notices.models import TextMessage
from shop.notices.signals import text_written
from shop.users.models import LoginTicket
from shop.users.signals import login_code_issued


@receiver(text_written)
def deliver_after_commit(*, message: TextMessage, **kwargs: Any) -> None:
    # Robust: a broker that is down must not fail what has just been committed; the
    # beat finds the row.
    def enqueue() -> None:
        tasks.deliver_text.delay(message_id=message.pk)

    transaction.on_commit(enqueue, robust=True)


@receiver(login_code_issued)
def send_login_code(
    *, ticket: LoginTicket, phone: str, code: str, at: datetime, **kwargs: Any
) -> None:
    operations.send_text(
        phone=phone,
        template="login_code",
        params={"code": code},
        at=at,
        key=f"login:{ticket.pk}",
        # Whoever asked looks at a page in their language right now.
        language=get_language() or "",
    )


@receiver(disbursement_made)
def ask_household_to_confirm(
    *, disbursement: Disbursement, at: datetime, **kwargs: Any
) -> None:
    operations.send_text(
        phone=disbursement.household.contact_phone,
        template="benefit_disbursed",
        params={
            "amount": yuan(disbursement.amount_fen),
            "link": household_link(disbursement.household),
        },
        at=at,
        key=f"disbursement:{disbursement.number}",
    )
