"""A text is a row first, goes once, and is tried again while it is not sent."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import connection
from django.utils.translation import override

from shop.notices import operations, queries, tasks
from shop.notices.models import OutboxItem, TextMessage
from shop.notices.operations import UnableToRevive, UnableToSend
from shop.notices.providers import Outgoing, UnableToDeliver
from tests.races import at_once, refused

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 9, 1, 4, tzinfo=UTC)
PHONE = "10000000001"


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


def write(
    *, key: str = "order:1:paid", number: str = "2026-1", template: str = "order_paid"
) -> TextMessage:
    params = {"number": number, "total": "¥29.00", "link": "/orders/2026-1/abc/"}
    if template == "login_code":
        params = {"code": "314159"}
    return operations.send_text(
        phone=PHONE, template=template, params=params, at=NOON, key=key
    )


class Fake:
    """A provider whose next answers are given; notes what it was asked to send."""

    name = "fake"

    def __init__(self, *answers: str | UnableToDeliver) -> None:
        self.answers = list(answers)
        self.sent: list[Outgoing] = []

    def send(self, message: Outgoing) -> str:
        self.sent.append(message)
        answer = self.answers.pop(0) if self.answers else "receipt"
        if isinstance(answer, UnableToDeliver):
            raise answer
        return answer


def deliver(message: TextMessage, at: datetime, fake: Fake) -> TextMessage | None:
    return operations.deliver_text(message_id=message.pk, at=at, provider=fake)


class TestSendText:
    def test_the_same_key_is_the_same_message(self):
        assert write() == write()
        assert TextMessage.objects.count() == 1

    def test_a_key_of_another_message_is_refused(self):
        write()
        with pytest.raises(UnableToSend, match="another message"):
            write(number="2026-2")

    def test_unknown_texts_and_wrong_words_are_refused_by_name(self):
        with pytest.raises(UnableToSend, match="no text 'poem'"):
            operations.send_text(
                phone=PHONE, template="poem", params={}, at=NOON, key="a"
            )
        with pytest.raises(UnableToSend, match=r"needs \['code'\]"):
            operations.send_text(
                phone=PHONE, template="login_code", params={}, at=NOON, key="a"
            )

    def test_no_phone_is_refused(self):
        with pytest.raises(UnableToSend):
            operations.send_text(
                phone="12",
                template="login_code",
                params={"code": "1"},
                at=NOON,
                key="a",
            )

    def test_neither_row_nor_text_shows_the_number(self):
        message = write()
        assert PHONE not in str(message)
        assert "100****0001" in str(message)
        stored = TextMessage.objects.filter(pk=message.pk).values_list().get()
        # values_list decrypts, so look at what the database itself holds.
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM notices_textmessage")
            raw = repr(cursor.fetchall())
        assert PHONE in repr(stored)
        assert PHONE not in raw
        assert "2026-1" not in raw

    def test_it_is_enqueued_after_commit_only(self, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks() as callbacks:
            write()
        assert not OutboxItem.objects.exists()
        assert len(callbacks) == 1
        callbacks[0]()
        assert OutboxItem.objects.get().link == "/orders/2026-1/abc/"

    def test_writing_again_enqueues_nothing(self, django_capture_on_commit_callbacks):
        write()
        with django_capture_on_commit_callbacks() as callbacks:
            write()
        assert not callbacks


class TestDeliverText:
    def test_sends_the_words_once(self):
        message, fake = write(), Fake("biz-1")
        sent = deliver(message, NOON, fake)
        assert sent.status == TextMessage.Status.SENT
        assert (sent.receipt, sent.provider, sent.sent_at) == ("biz-1", "fake", NOON)
        assert "2026-1" in fake.sent[0].body and "¥29.00" in fake.sent[0].body
        assert deliver(message, NOON, fake) is None
        assert len(fake.sent) == 1

    def test_waits_longer_after_each_failure(self):
        message, fake = write(), Fake(*[UnableToDeliver("busy")] * 2)
        put_off = deliver(message, NOON, fake)
        assert put_off.next_try_at == NOON + timedelta(seconds=10)
        assert put_off.failure == "busy"
        assert deliver(message, NOON + timedelta(seconds=9), fake) is None
        again = deliver(message, NOON + timedelta(seconds=10), fake)
        assert again.next_try_at == NOON + timedelta(seconds=40)
        sent = deliver(message, NOON + timedelta(seconds=40), fake)
        assert sent.status == TextMessage.Status.SENT
        assert sent.failure == ""

    def test_is_given_up_after_the_last_wait(self):
        message = write()
        tries = len(operations.WAITS) + 1
        fake, at = Fake(*[UnableToDeliver("busy")] * tries), NOON
        for _try in range(tries):
            message.refresh_from_db()
            at = message.next_try_at
            deliver(message, at, fake)
        message.refresh_from_db()
        assert message.status == TextMessage.Status.DEAD
        assert list(queries.dead_texts()) == [message]

    def test_a_final_refusal_is_given_up_at_once(self):
        message = write()
        fake = Fake(UnableToDeliver("isv.MOBILE_NUMBER_ILLEGAL", final=True))
        assert deliver(message, NOON, fake).status == TextMessage.Status.DEAD

    def test_a_code_that_expired_is_not_sent(self):
        message, fake = write(template="login_code"), Fake()
        late = deliver(message, NOON + timedelta(minutes=5), fake)
        assert (late.status, late.failure) == (TextMessage.Status.DEAD, "expired")
        assert not fake.sent
        assert late.words == ""

    def test_secret_words_are_forgotten_once_sent(self):
        sent = deliver(write(template="login_code"), NOON, Fake())
        assert sent.words == ""
        kept = deliver(write(key="order:2:paid"), NOON, Fake())
        assert "2026-1" in kept.words

    def test_a_sent_secret_can_still_be_written_again_harmlessly(self):
        message = write(template="login_code")
        deliver(message, NOON, Fake())
        assert write(template="login_code") == message

    def test_a_worker_that_died_lets_go_after_a_minute(self):
        class Dies(Fake):
            def send(self, message: Outgoing) -> str:
                raise KeyboardInterrupt

        message, fake = write(), Fake()
        with pytest.raises(KeyboardInterrupt):
            deliver(message, NOON, Dies())
        assert deliver(message, NOON + timedelta(seconds=59), fake) is None
        assert deliver(message, NOON + timedelta(seconds=60), fake) is not None

    def test_a_text_that_kills_its_worker_is_given_up_in_the_end(self):
        message = write()
        TextMessage.objects.filter(pk=message.pk).update(
            tries=len(operations.WAITS) + 1
        )
        dead = deliver(message, NOON, Fake())
        assert (dead.status, dead.failure) == (TextMessage.Status.DEAD, "no answer")

    def test_the_beat_sends_what_is_due(self):
        write(key="a"), write(key="b")
        later = write(key="c")
        TextMessage.objects.filter(pk=later.pk).update(
            next_try_at=NOON + timedelta(seconds=1)
        )
        assert operations.deliver_due_texts(now=NOON) == 2
        assert OutboxItem.objects.count() == 2


class TestReviveText:
    def test_tries_again_what_was_given_up(self):
        message = write()
        deliver(message, NOON, Fake(UnableToDeliver("no", final=True)))
        operations.revive_text(message=message, at=NOON)
        assert deliver(message, NOON, Fake()).status == TextMessage.Status.SENT

    def test_refuses_what_was_sent(self):
        message = write()
        deliver(message, NOON, Fake())
        with pytest.raises(UnableToRevive):
            operations.revive_text(message=message, at=NOON)

    def test_refuses_a_code_whose_words_are_forgotten(self):
        message = write(template="login_code")
        deliver(message, NOON, Fake(UnableToDeliver("no", final=True)))
        with pytest.raises(UnableToRevive):
            operations.revive_text(message=message, at=NOON)


class Slow(Fake):
    """Takes its time, so that others come in between."""

    def __init__(self, meet: Barrier) -> None:
        super().__init__()
        self.meet = meet

    def send(self, message: Outgoing) -> str:
        with suppress(BrokenBarrierError):
            self.meet.wait(timeout=1)
        return super().send(message)


@pytest.mark.django_db(transaction=True)
class TestRaces:
    @pytest.fixture(autouse=True)
    def no_worker_yet(self, monkeypatch):
        monkeypatch.setattr(tasks.deliver_text, "delay", lambda **ids: None)

    def send_at_once(self, times: int) -> int:
        message, fake = write(), Slow(Barrier(times))
        assert refused(at_once(*[lambda: deliver(message, NOON, fake)] * times)) == 0
        return len(fake.sent)

    def test_workers_at_once_send_a_text_once(self):
        assert self.send_at_once(4) == 1

    def test_without_the_hold_each_of_them_would(self, monkeypatch):
        everything = type(TextMessage.objects.all()).all
        monkeypatch.setattr(
            type(TextMessage.objects.all()), "due", lambda rows, now: everything(rows)
        )
        monkeypatch.setattr(
            type(TextMessage.objects), "due", lambda rows, now: rows.all()
        )
        assert self.send_at_once(4) == 4

    def test_writing_one_key_at_once_writes_one_row(self):
        assert refused(at_once(*[write] * 6)) == 0
        assert TextMessage.objects.count() == 1
