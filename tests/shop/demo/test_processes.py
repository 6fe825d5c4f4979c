"""The demo's family of processes: one a folder, all ended, honest when one dies."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shop.demo.__main__ import UnusablePort, wanted_port
from shop.demo.processes import AlreadyRunning, Family, NotUp, PortTaken, free_ports

ROOT = Path(__file__).resolve().parents[3]
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def family(tmp_path: Path) -> Family:
    return Family(pid_file=tmp_path / "demo.pid", logs=tmp_path / "logs")


def still_runs(pid: int) -> bool:
    """Whether the process lives; one that only waits to be buried does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def clean_demo(var: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/clean_demo.py"],
        cwd=ROOT,
        env={**os.environ, "XIANGJI_VAR": str(var)},
        capture_output=True,
        text=True,
        check=False,
    )


class TestFamily:
    def test_a_second_one_in_the_same_folder_is_refused(self, family, tmp_path):
        twin = Family(pid_file=family.pid_file, logs=family.logs)
        with family:
            with pytest.raises(AlreadyRunning, match=str(os.getpid())), twin:
                pytest.fail("two demos in one folder")
            assert family.pid_file.read_text() == str(os.getpid())
        with twin:
            assert twin.pid_file.read_text() == str(os.getpid())

    def test_a_number_that_a_crash_left_behind_is_no_demo(self, family):
        family.pid_file.write_text(str(os.getpid()))
        with family:
            assert family.pid_file.read_text() == str(os.getpid())

    def test_leaving_ends_everybody(self, family):
        with family:
            family.start("one", SLEEP)
            family.start("two", SLEEP)
            children = list(family.children.values())
        assert all(child.poll() is not None for child in children)

    @pytest.mark.skipif(sys.platform != "linux", reason="Linux tells of a parent's end")
    def test_killing_the_demo_outright_ends_everybody(self, family):
        code = (
            "import os, signal, sys; from pathlib import Path\n"
            "from shop.demo.processes import Family\n"
            "pid_file, logs = map(Path, sys.argv[1:])\n"
            "with Family(pid_file=pid_file, logs=logs) as family:\n"
            f"    family.start('one', {SLEEP!r})\n"
            "    print(family.children['one'].pid, flush=True)\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        killed = subprocess.run(
            [sys.executable, "-c", code, str(family.pid_file), str(family.logs)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert killed.returncode == -9
        child = int(killed.stdout)
        for _ in range(200):
            if not still_runs(child):
                break
            time.sleep(0.05)
        assert not still_runs(child)

    def test_one_that_dies_by_itself_ends_the_demo_with_an_error(
        self, family, capsys, monkeypatch
    ):
        monkeypatch.setenv("LC_ALL", "C")
        with family:
            family.start("steady", SLEEP)
            family.start("weak", [sys.executable, "-c", "raise SystemExit(3)"])
            assert family.watch() == 1
        assert "weak 已退出（3）" in capsys.readouterr().err

    def test_one_that_has_done_its_work_does_not(self, family):
        with family:
            family.start("work", [sys.executable, "-c", ""], once=True)
            deadline = time.monotonic() + 60
            while family.children["work"].poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            # Now only the steady one can end the watch.
            family.start("steady", [sys.executable, "-c", "raise SystemExit(4)"])
            assert family.watch() == 1
        assert "work" not in family.children

    def test_waiting_for_one_that_died_says_where_its_log_is(self, family, capsys):
        with pytest.raises(NotUp, match=r"web\.log"), family:
            family.start("web", [sys.executable, "-c", "raise SystemExit(1)"])
            family.wait_for(port=9, name="web")


class TestPorts:
    def test_a_taken_one_is_an_error_with_the_way_out(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with pytest.raises(PortTaken, match=r"make demo PORT=\d+"):
                free_ports({port: "the shop"})
        free_ports({port: "the shop"})

    @pytest.mark.parametrize(
        "text", ["web", "80", "-8000", "65001", "8000.0", "８０００"]
    )
    def test_what_is_no_port_is_refused_in_a_sentence(self, text):
        with pytest.raises(UnusablePort, match="PORT="):
            wanted_port(text)

    def test_what_is_one_is_taken(self):
        assert wanted_port("8080") == 8080


class TestCleanDemo:
    def test_keeps_what_a_running_demo_stands_on(self, family, tmp_path):
        with family:
            done = clean_demo(tmp_path)
        assert done.returncode == 1
        assert str(os.getpid()) in done.stderr
        assert family.pid_file.exists()

    def test_forgets_a_stopped_one(self, family, tmp_path):
        with family:
            pass
        assert clean_demo(tmp_path).returncode == 0
        assert not tmp_path.exists()
