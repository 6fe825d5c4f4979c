"""Servers for tests: there while wanted, gone when they end, never another's."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from tools.services import postgresql, processes, redis, together

BOTH = (postgresql.NAME, redis.NAME)

if postgresql.find() is None or redis.find() is None:
    pytest.skip("PostgreSQL or Redis is not installed", allow_module_level=True)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "services"
    together.stop(folder=tmp_path / "services")


def of(folder: Path, name: str) -> processes.Running:
    found = processes.kept(folder / f"{name}.json")
    assert found is not None
    return found


class TestStart:
    def test_gives_the_shop_what_it_needs_to_reach_them(self, folder: Path) -> None:
        settings = together.start(folder=folder, names=BOTH)
        with psycopg.connect(settings["DATABASE_URL"]) as connection:
            assert connection.info.server_version >= 150_000
        assert Redis.from_url(settings["REDIS_URL"]).ping()
        assert Redis.from_url(settings["CELERY_BROKER_URL"]).ping()

    def test_again_is_harmless(self, folder: Path) -> None:
        first = together.start(folder=folder, names=BOTH)
        Redis.from_url(first["REDIS_URL"]).set("kept", 1)
        assert together.start(folder=folder, names=BOTH) == first
        assert Redis.from_url(first["REDIS_URL"]).get("kept") == b"1"

    def test_starts_what_is_missing_and_leaves_the_rest(self, folder: Path) -> None:
        together.start(folder=folder, names=BOTH)
        stays, dies = of(folder, postgresql.NAME), of(folder, redis.NAME)
        os.kill(dies.processes[0][0], signal.SIGKILL)
        processes.end(dies)  # waits until it is gone
        settings = together.start(folder=folder, names=BOTH)
        assert of(folder, postgresql.NAME) == stays
        assert Redis.from_url(settings["REDIS_URL"]).ping()

    def test_asks_for_the_password_of_this_run(self, folder: Path) -> None:
        settings = together.start(folder=folder, names=BOTH)
        for name in ("DATABASE_URL", "REDIS_URL"):
            parts = urlsplit(settings[name])
            assert parts.password
            without = settings[name].replace(parts.password, "guess")
            with pytest.raises((psycopg.OperationalError, AuthenticationError)):
                if name == "REDIS_URL":
                    Redis.from_url(without).ping()
                else:
                    psycopg.connect(without)

    def test_what_does_not_start_says_why_and_leaves_nothing(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            monkeypatch.setattr(together, "free_port", lambda: port)
            with pytest.raises(processes.UnableToStart) as refused:
                together.start(folder=folder, names=BOTH)
        for name, complaint in ((postgresql.NAME, "in use"), (redis.NAME, "bind")):
            assert f"{name} ended. The last of " in str(refused.value)
            assert complaint in str(refused.value)
            assert not of(folder, name).alive

    def test_what_ends_at_once_is_told_and_never_taken_for_another(
        self, tmp_path: Path
    ) -> None:
        hasty = processes.Server(
            "hasty", ["false"], tmp_path, url="", answers=lambda: pytest.fail("asked")
        )
        state = tmp_path / "hasty.json"
        running = processes.begin(hasty, state)
        assert running.processes[0][1]
        processes.end(running)  # waits until it is gone
        with pytest.raises(processes.UnableToStart, match="hasty ended"):
            processes.wait(hasty, running, state)
        assert not processes.Running("none", "", "", 15, [(2**22 + 1, "")]).alive

    def test_refuses_a_folder_that_holds_something(self, tmp_path: Path) -> None:
        (tmp_path / "mine").touch()
        with pytest.raises(processes.UnableToStart, match="not empty"):
            postgresql.prepare(folder=tmp_path, port=1)


class TestStop:
    def test_ends_them_and_forgets_their_data(self, folder: Path) -> None:
        together.start(folder=folder, names=BOTH)
        started = [of(folder, name) for name in BOTH]
        assert all(running.alive for running in started)
        assert together.stop(folder=folder) == list(BOTH)
        assert not any(running.alive for running in started)
        assert not any(Path(running.folder).exists() for running in started)
        assert together.stop(folder=folder) == []

    def test_leaves_alone_what_is_not_ours(self, tmp_path: Path) -> None:
        """A number that now belongs to another process is no longer a server's."""
        other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1)
        try:
            birth = processes.born(other.pid)
            stale = processes.Running("redis", "", str(tmp_path / "x"), 15, [])
            processes.end(processes.Running(**vars(stale) | {"processes": [(1, "0")]}))
            wrong = [(other.pid, f"{int(birth) - 1}")]
            processes.end(processes.Running(**vars(stale) | {"processes": wrong}))
            assert other.poll() is None
            # Negative control: with the right birth it is ended.
            right = [(other.pid, birth)]
            processes.end(processes.Running(**vars(stale) | {"processes": right}))
            assert processes.born(other.pid) == ""
        finally:
            other.kill()
            other.wait()


class TestRun:
    def test_lives_as_long_as_its_command(self) -> None:
        asks = (
            "import os, psycopg; url = os.environ['DATABASE_URL']; "
            "row = psycopg.connect(url).execute('SHOW data_directory').fetchone(); "
            "print(row[0]); raise SystemExit(7)"
        )
        command = [sys.executable, "-m", "tools.services", "run", "--"]
        done = subprocess.run(
            [*command, sys.executable, "-c", asks],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 7, done.stderr
        assert not Path(done.stdout.strip()).exists()

    def test_use_asks_for_servers_that_run(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "tools.services", "--folder", str(tmp_path)]
        done = subprocess.run(
            [*command, "use", "--", "true"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "make services" in done.stderr
