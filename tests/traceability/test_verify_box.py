"""The program that checks a box from published files alone, in a process of its own."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.keys import OfflineMachine, rotation, theft
from tests.factories.traceability import NOW, new_batch, new_certificate, new_lot
from tests.traceability.test_box_codes import texts_of
from tests.traceability.test_log import verify
from traceability import operations, revocations, signing
from traceability.models import BoxIssue

pytestmark = [pytest.mark.django_db, pytest.mark.once]

HOUR = timedelta(hours=1)


@pytest.fixture
def issue(root: OfflineMachine, farmer_wang: Farmer, zhao: User) -> BoxIssue:
    """Boxes that were issued, in a log that is published."""
    operations.publish_log(at=NOW)
    certificate = new_certificate(lot=new_lot(farmer=farmer_wang, by=zhao), by=zhao)
    batch = new_batch(certificate=certificate, by=zhao)
    made = operations.issue_boxes(batch=batch, by=zhao, at=NOW)
    operations.publish_log(at=NOW)
    return made


@pytest.fixture
def text(issue: BoxIssue) -> str:
    return texts_of(issue)[0]


@pytest.fixture
def says(root: OfflineMachine, log_folder: Path) -> Any:
    def asked(text: str, *words: str, lists: Path = log_folder) -> tuple[int, str]:
        done = verify(
            "box", text, "--lists", str(lists), "--root", str(root.public_file), *words
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout

    return asked


def test_needs_only_the_published_files(
    text: str, says: Any, log_folder: Path, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    for name in ("key-list.json", revocations.FILE):
        shutil.copy(log_folder / name, stick / name)
    code, told = says(f"HTTPS://MARKET.EXAMPLE/V/{text}", lists=stick)
    assert code == 0, told
    for words in ("冰糖橙 5斤装, 2.5 kg", "永固村", "signed by the root", "hours old"):
        assert words in told
    assert "not that it is the only box" in told


def test_tells_what_was_withdrawn(
    text: str, says: Any, issue: BoxIssue, zhao: User
) -> None:
    label = issue.batch.labels.get(pk=issue.batch.first_number)
    operations.void_label(label=label, reason="破", by=zhao, at=NOW)
    operations.publish_log(at=NOW)
    code, told = says(text)
    assert (code, "since then: voided" in told) == (2, True)
    assert says(texts_of(issue)[1])[0] == 0
    operations.recall_lot(lot=issue.batch.lot, reason="有虫", by=zhao, at=NOW)
    operations.publish_log(at=NOW)
    code, told = says(texts_of(issue)[1])
    assert (code, "since then: recalled" in told) == (2, True)


def test_refuses_what_our_key_did_not_sign(text: str, says: Any) -> None:
    for changed in (text[:-8], text[:40] + "A" + text[41:], text[:-4] + "AAAA", "1"):
        assert says(changed)[0] == 1


def test_refuses_what_a_stolen_key_signed(
    text: str, says: Any, issue: BoxIssue, root: OfflineMachine
) -> None:
    root.list_keys(theft(issue.key_id, since=NOW + HOUR), at=NOW + HOUR)
    operations.publish_log(at=NOW + HOUR)
    code, told = says(text)
    assert (code, "only the site can tell" in told) == (1, True)


def test_an_ended_key_verifies_for_ever(
    text: str, says: Any, root: OfflineMachine
) -> None:
    root.list_keys(rotation("box", starts_at=NOW + HOUR))
    operations.publish_log(at=NOW + 2 * HOUR)
    assert says(text)[0] == 0


def test_remembers_the_newest_lists(
    text: str, says: Any, log_folder: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    shutil.copytree(log_folder, before)
    operations.publish_log(at=NOW + HOUR)
    memory = ("--memory", str(tmp_path / "memory.json"))
    assert says(text, *memory)[0] == 0
    code, told = says(text, *memory, lists=before)
    assert (code, "is older than 2, seen before" in told) == (1, True)
    # The control: without a memory the older lists are as good.
    assert says(text, lists=before)[0] == 0


def test_a_list_by_another_key_is_refused(
    text: str, says: Any, log_folder: Path, issue: BoxIssue
) -> None:
    path = log_folder / revocations.FILE
    told = json.loads(path.read_text(encoding="utf-8"))
    signer = signing.signer("box", issue.key_id)
    told["signatures"][0]["signature"] = signer.sign_text(told["document"])
    path.write_text(json.dumps(told), encoding="utf-8")
    code, said = says(text)
    assert (code, "signature is false" in said) == (1, True)


def test_without_a_root_it_says_what_is_missing(text: str, log_folder: Path) -> None:
    done = verify("box", text, "--lists", str(log_folder))
    assert (done.returncode, "--root ROOT" in done.stdout) == (1, True)
