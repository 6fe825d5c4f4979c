"""A PostgreSQL for a command: there while it runs, gone when it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import services

try:
    services._postgresql_programs()
    services._unprivileged()
except services.UnableToStart as reason:
    pytest.skip(str(reason), allow_module_level=True)


def test_lives_as_long_as_its_command() -> None:
    asks = (
        "import os, psycopg; url = os.environ['DATABASE_URL']; "
        "row = psycopg.connect(url).execute('SHOW data_directory').fetchone(); "
        "print(os.getpid(), row[0]); raise SystemExit(7)"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tools.services",
            "run",
            "--",
            sys.executable,
            "-c",
            asks,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 7, done.stderr
    folder = Path(done.stdout.split()[1]).parent
    assert not folder.exists()


def test_ends_only_the_process_it_started(tmp_path: Path) -> None:
    """A number that now belongs to another process is left alone."""
    stale = services.Running(pid=os.getpid(), born="1", url="")
    state = tmp_path / "old" / services.STATE
    state.parent.mkdir()
    state.write_text(stale.as_json(), encoding="ascii")
    services.stop(folder=state.parent)
    assert not state.parent.exists()


def test_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(services.UnableToStart, match="not empty"):
        services.start_postgresql(folder=tmp_path, port=1)
