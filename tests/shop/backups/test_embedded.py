"""The embedded size: copied while others write; a way back that believes nothing."""

import io
import json
import re
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyrage
import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from partners.files import private_storage, public_storage
from partners.ledger.models import Entry
from partners.ledger.queries import verify
from shop.backups import copying, keys, manifest, operations, postgresql, sqlite
from shop.backups.facts import facts, standing_on
from shop.backups.operations import UnableToBackUp, UnableToRestore

from .county import EACH, NOON, live

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.only_on("sqlite", reason="the embedded size's own copy"),
]


@pytest.fixture(autouse=True)
def places(settings, tmp_path: Path) -> Path:
    for name in ("media", "private", "log", "keys"):
        place = str(tmp_path / "county" / name)
        setattr(settings, _setting(name), Path(place))
    settings.SIGNING_KEY_FILES = {
        name: str(settings.KEYS / f"{name}.pem")
        for name in ("certificate", "log", "box")
    }
    live("first")
    public_storage().save("lots/a.webp", ContentFile(b"picture"))
    private_storage().save("receipts/b.webp", ContentFile(b"receipt"))
    return tmp_path


def _setting(name: str) -> str:
    return {"log": "LOG_FOLDER", "keys": "KEYS"}.get(name, f"{name.upper()}_ROOT")


@pytest.fixture
def backup(places: Path) -> Path:
    return operations.back_up(to=places / "backups", at=NOON)


@pytest.fixture
def elsewhere(settings, places: Path) -> Callable[[Path], Path]:
    """Restore a backup into a new place; where its database then is."""

    def restored(backup: Path, **how) -> Path:
        place = places / "new"
        for name in ("media", "private", "log"):
            setattr(settings, _setting(name), place / name)
        with standing_on(NAME=place / "xiangji.sqlite3"):
            operations.restore(folder=backup, **how)
        return place / "xiangji.sqlite3"

    return restored


def rewrite(backup: Path, **changes) -> None:
    """Make the manifest fit what an earlier hand did to the files."""
    told = json.loads((backup / manifest.NAME).read_text())
    files = manifest.files_in(backup)
    files.pop(manifest.NAME)
    told["files"] = {name: manifest.sha256(path) for name, path in files.items()}
    (backup / manifest.NAME).write_text(json.dumps(told | changes))


def tamper(backup: Path, statement: str) -> None:
    """Change rows past every guard, and leave no trace in the file's hash."""
    with closing(sqlite3.connect(backup / sqlite.NAME)) as kept:
        triggers = kept.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _sql in triggers:
            kept.execute(f'DROP TRIGGER "{name}"')
        kept.execute(statement)
        for _name, sql in triggers:
            kept.execute(sql)
        kept.commit()
    rewrite(backup)


class TestTheWayBack:
    def test_brings_the_same_county(self, backup: Path, elsewhere):
        before = facts()
        live("lost")
        with standing_on(NAME=elsewhere(backup)):
            assert facts() == before
            assert verify().ok
            # And it goes on: what is published is the beginning of what comes.
            live("second")
            assert verify().ok
        assert public_storage().open("lots/a.webp").read() == b"picture"
        assert private_storage().open("receipts/b.webp").read() == b"receipt"

    def test_writes_into_no_place_that_is_in_use(self, backup: Path):
        entries = Entry.objects.count()
        with pytest.raises(UnableToRestore, match="is not empty"):
            operations.restore(folder=backup)
        assert Entry.objects.count() == entries

    def test_no_printed_codes_are_in_it(self, places: Path) -> None:
        private_storage().save("label-prints/1/0001.pdf", ContentFile(b"%PDF"))
        private_storage().save("label-prints.webp", ContentFile(b"another"))
        backup = operations.back_up(to=places / "backups", at=NOON)
        names = [path.name for path in (backup / "private").rglob("*.*")]
        assert "0001.pdf" not in names
        assert "label-prints.webp" in names

    @pytest.mark.parametrize("name", ["media", "private", "log"])
    def test_nor_over_anybodys_files(self, name: str, backup: Path, elsewhere, places):
        kept = places / "new" / name / "theirs"
        kept.parent.mkdir(parents=True)
        kept.write_text("theirs")
        with pytest.raises(UnableToRestore, match=f"new/{name} is not empty"):
            elsewhere(backup)
        assert kept.read_text() == "theirs"
        assert not (places / "new" / "xiangji.sqlite3").exists()

    def test_knows_no_moments(self, backup: Path, elsewhere):
        with pytest.raises(UnableToRestore, match="keeps no log"):
            elsewhere(backup, at=timezone.now())

    def test_refuses_the_other_size(self, backup: Path, elsewhere):
        rewrite(backup, size="postgresql")
        with pytest.raises(UnableToRestore, match="is of postgresql"):
            elsewhere(backup)


class TestWhatIsNotAsItWas:
    def refused(self, backup: Path, elsewhere, words: str) -> None:
        with pytest.raises(UnableToRestore, match=words):
            elsewhere(backup)

    def test_an_altered_file(self, backup: Path, elsewhere, places):
        (backup / "media/lots/a.webp").write_bytes(b"another")
        self.refused(backup, elsewhere, "media/lots/a.webp was altered")
        assert not (places / "new").exists()

    def test_a_missing_file(self, backup: Path, elsewhere):
        (backup / "private/receipts/b.webp").unlink()
        self.refused(backup, elsewhere, "private/receipts/b.webp is missing")

    def test_a_file_too_many(self, backup: Path, elsewhere):
        (backup / "media/lots/c.webp").write_bytes(b"smuggled")
        self.refused(backup, elsewhere, "media/lots/c.webp does not belong")

    def test_no_manifest(self, backup: Path, elsewhere):
        (backup / manifest.NAME).unlink()
        self.refused(backup, elsewhere, "manifest.json is missing")

    def test_nonsense_for_a_manifest(self, backup: Path, elsewhere):
        for text in ("", "[]", "{}", '{"form": 1}', '{"form": 2}'):
            (backup / manifest.NAME).write_text(text)
            self.refused(backup, elsewhere, "cannot be read|another version")

    def test_an_altered_row_of_the_ledger(self, backup: Path, elsewhere, places):
        tamper(backup, "UPDATE ledger_entryline SET amount_fen = amount_fen * 2")
        self.refused(backup, elsewhere, "its fingerprint does not fit")
        assert not (places / "new" / "xiangji.sqlite3").exists()

    def test_an_altered_line_of_the_log(self, backup: Path, elsewhere):
        tamper(
            backup, "UPDATE traceability_logleaf SET entry = '{}' WHERE \"index\" = 1"
        )
        self.refused(backup, elsewhere, "log's first .* have another root")

    def test_a_row_that_is_gone(self, backup: Path, elsewhere):
        tamper(backup, "DELETE FROM django_site")
        self.refused(backup, elsewhere, "sites.Site has 0 rows")

    def test_a_ledger_whose_end_was_cut_off(self, backup: Path, elsewhere):
        tamper(
            backup,
            "DELETE FROM ledger_seal WHERE sequence = (SELECT MAX(sequence)"
            " FROM ledger_seal)",
        )
        self.refused(backup, elsewhere, "the chain does not pass through")

    def test_published_files_of_another_log(self, backup: Path, elsewhere):
        tile = backup / "log" / "tile" / "0" / f"000.p/{EACH + 1}"
        tile.write_bytes(tile.read_bytes()[::-1])
        rewrite(backup)
        self.refused(backup, elsewhere, "published tiles are not what was signed")

    def test_without_any_of_these_it_is_restored(self, backup: Path, elsewhere):
        """The control of all of the above: `tamper` and `rewrite` alone do no harm."""
        tamper(backup, "SELECT 1")
        assert elsewhere(backup).exists()


class TestMakingOne:
    def test_a_wrong_ledger_is_kept_and_said(self, places, monkeypatch, elsewhere):
        """A broken county needs its backup most."""
        monkeypatch.setattr(operations, "facts", lambda: _with_fault(facts()))
        made = operations.back_up(to=places / "b", at=NOON)
        assert manifest.read(made).facts.faults == ["known"]

    def test_interrupted_leaves_nothing_that_looks_whole(self, places, monkeypatch):
        def full(**_: object) -> None:
            raise OSError("No space left on device")

        monkeypatch.setattr(operations, "copy_tree", full)
        with pytest.raises(UnableToBackUp, match="No space left"):
            operations.back_up(to=places / "backups", at=NOON)
        assert manifest.backups(places / "backups") == []

    def test_killed_outright_it_is_swept_by_the_next(self, places, elsewhere):
        dead = places / "backups" / f"{operations.HALF}xiangji-20200101T000000Z"
        (dead / "media").mkdir(parents=True)
        with pytest.raises(UnableToRestore, match="interrupted"):
            elsewhere(dead)
        made = operations.back_up(to=places / "backups", at=NOON)
        assert manifest.backups(places / "backups") == [made]
        assert not dead.exists()

    def test_a_name_is_given_once(self, backup: Path):
        with pytest.raises(UnableToBackUp, match="exists"):
            operations.back_up(to=backup.parent, at=NOON)

    def test_one_at_a_time(self, places):
        with (
            operations._alone(places),
            pytest.raises(UnableToBackUp, match="Another backup"),
        ):
            operations.back_up(to=places, at=NOON)

    def test_keeps_as_many_as_asked(self, places):
        days = [NOON.replace(day=day) for day in (22, 23, 24)]
        made = [operations.back_up(to=places / "b", at=at, keep=2) for at in days]
        assert manifest.backups(places / "b") == made[1:]

    def test_what_did_not_change_takes_no_room_twice(self, backup: Path, elsewhere):
        later = operations.back_up(to=backup.parent, at=NOON.replace(day=23))
        one, two = (path / "media/lots/a.webp" for path in (backup, later))
        assert one.stat().st_ino == two.stat().st_ino
        assert elsewhere(later).exists()

    def test_what_changed_is_copied(self, backup: Path, settings):
        path = settings.MEDIA_ROOT / "lots/a.webp"
        path.write_bytes(b"renewed")
        later = operations.back_up(to=backup.parent, at=NOON.replace(day=23))
        assert (later / "media/lots/a.webp").read_bytes() == b"renewed"
        assert (backup / "media/lots/a.webp").read_bytes() == b"picture"

    def test_the_logs_head_is_copied_before_what_it_stands_for(self, tmp_path: Path):
        source = tmp_path / "log"
        (source / "certificates").mkdir(parents=True)
        for name in ("certificates/1.json", "checkpoint", ".lock", ".new-tile"):
            (source / name).write_text(name)
        copied: list[str] = []
        real = copying.shutil.copy2

        def watched(one: Path, other: Path) -> None:
            copied.append(one.name)
            real(one, other)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(copying.shutil, "copy2", watched)
            copying.copy_tree(source=source, target=tmp_path / "kept", before=None)
        assert copied == ["checkpoint", "1.json"]

    def test_while_somebody_writes(self, places, elsewhere):
        """Each entry of another process is in the copy whole or not at all."""
        command = [sys.executable, "-m", "tests.partners.ledger.poster"]
        database = str(connection.settings_dict["NAME"])
        with subprocess.Popen(
            [*command, database, "busy"],
            stdout=subprocess.PIPE,
            cwd=configured.ROOT,
            text=True,
        ) as poster:
            assert poster.stdout is not None
            for _ in range(10):
                poster.stdout.readline()
            made = operations.back_up(to=places / "busy", at=NOON)
            for _ in range(10):
                poster.stdout.readline()
            poster.kill()
        with standing_on(NAME=elsewhere(made)):
            assert verify().ok
            assert Entry.objects.count() >= EACH + 9


class TestKeys:
    def test_are_left_out_and_this_is_said(self, backup: Path):
        (words,) = manifest.read(backup).left_out
        assert "keys and secrets" in words
        assert b"PRIVATE KEY" not in b"".join(_all_bytes(backup))

    def test_open_only_to_whoever_was_named(self, settings, places, elsewhere):
        identity = pyrage.x25519.Identity.generate()
        settings.BACKUP_RECIPIENT = str(identity.to_public())
        made = operations.back_up(to=places / "b", at=NOON)
        assert manifest.read(made).left_out == []
        content = b"".join(_all_bytes(made))
        assert b"PRIVATE KEY" not in content
        assert settings.FIELD_SECRET.encode() not in content
        pem = (settings.KEYS / "log.pem").read_bytes()
        other, own = places / "other", places / "own"
        other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
        own.write_text(f"# made today\n{identity}\n")
        settings.KEYS = places / "restored"
        with pytest.raises(UnableToRestore, match="does not open"):
            elsewhere(made, identity=other)
        elsewhere(made, identity=own)
        assert (places / "restored/log.pem").read_bytes() == pem
        assert (places / "restored/log.pem").stat().st_mode & 0o077 == 0
        secrets = (places / "restored/secrets.env").read_text()
        assert f"XIANGJI_FIELD_SECRET={settings.FIELD_SECRET}\n" in secrets

    @pytest.mark.parametrize("name", ["../outside", "/outside", "in/side", "link"])
    def test_an_archive_of_somebody_elses_goes_nowhere(self, places, name: str):
        identity = pyrage.x25519.Identity.generate()
        own, buffer = places / "own", io.BytesIO()
        own.write_text(f"{identity}\n")
        with tarfile.open(fileobj=buffer, mode="w") as packed:
            for item in (tarfile.TarInfo("log.pem"), tarfile.TarInfo(name)):
                if item.name == "link":
                    item.type, item.linkname = tarfile.SYMTYPE, "log.pem"
                packed.addfile(item, io.BytesIO(b""))
        data = pyrage.encrypt(buffer.getvalue(), [identity.to_public()])
        with pytest.raises(keys.WrongKey, match=re.escape(name)):
            keys.unseal(data=data, identity=own, folder=places / "restored")
        assert [path.name for path in (places / "restored").iterdir()] == ["log.pem"]
        assert not (places / "outside").exists()

    def test_a_recipient_that_is_none_stops_the_backup(self, settings, places):
        settings.BACKUP_RECIPIENT = "age1nobody"
        with pytest.raises(UnableToBackUp, match="must be an age public key"):
            operations.back_up(to=places / "b", at=NOON)
        assert manifest.backups(places / "b") == []


class TestUnpacking:
    @pytest.mark.parametrize("whole", [True, False])
    def test_a_broken_archive_is_named(self, tmp_path: Path, whole: bool):
        (tmp_path / "PG_VERSION").write_text("15\n")
        for name in ("base", "pg_wal"):
            with tarfile.open(tmp_path / f"{name}.tar.gz", "w:gz") as archive:
                archive.add(tmp_path / "PG_VERSION", "PG_VERSION")
        if whole:
            postgresql.unpack(folder=tmp_path, data=tmp_path / "data")
            assert (tmp_path / "data/pg_wal/PG_VERSION").read_text() == "15\n"
            return
        broken = tmp_path / "pg_wal.tar.gz"
        broken.write_bytes(broken.read_bytes()[:-20])
        with pytest.raises(postgresql.Failed, match="tar: "):
            postgresql.unpack(folder=tmp_path, data=tmp_path / "data")


def _all_bytes(folder: Path):
    return (path.read_bytes() for path in manifest.files_in(folder).values())


def _with_fault(told):
    from dataclasses import replace

    return replace(told, faults=["known"])


def test_the_commands_say_what_is_needed(places: Path, capsys):
    from django.core.management import CommandError, call_command

    call_command("backup", to=places / "b")
    said = capsys.readouterr()
    assert str(verify().head) in said.out
    assert "keys and secrets" in said.err
    (made,) = manifest.backups(places / "b")
    call_command("backup", check=made)
    assert "Whole" in capsys.readouterr().out
    with pytest.raises(CommandError, match="is not empty"):
        call_command("restore", str(made))
