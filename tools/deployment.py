"""Let the programs that will read our deployment files judge them, without starting.

    python -m tools.deployment check

docker-compose reads compose.yaml, nginx its site, systemd-analyze the units, promtool
the alerts, which it also rings with made-up figures. None of them starts anything or
needs a Docker engine; a missing one is an error.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
OPS = ROOT / "ops"


class Refused(Exception):
    """A program does not accept a file of ours; the message is its own words."""


def compose() -> None:
    """compose.yaml, with the two files that an operator writes."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "xiangji"
        (copy / "ops").mkdir(parents=True)
        shutil.copy(ROOT / "compose.yaml", copy)
        shutil.copy(OPS / "environment.example", copy / "ops" / "environment")
        _judge(
            ["docker-compose", "-f", str(copy / "compose.yaml"), "config", "-q"],
            POSTGRES_PASSWORD="checked-not-started",  # noqa: S106  of nothing
        )


def nginx() -> None:
    """The site, with a certificate of a moment and the paths of a scratch folder."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "logs").mkdir()
        _judge(
            f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=x"
            f" -keyout {here}/privkey.pem -out {here}/fullchain.pem".split()
        )
        site = (OPS / "nginx" / "site.conf").read_text(encoding="utf-8")
        for path, own in (
            ("server web:8000", "server 127.0.0.1:8000"),
            ("/etc/nginx/certificates", folder),
            ("/var/cache/nginx/static", f"{folder}/static"),
            ("/var/log/nginx", f"{folder}/logs"),
        ):
            site = site.replace(path, own)
        whole = here / "nginx.conf"
        whole.write_text(
            f"pid {folder}/pid; error_log {folder}/logs/error.log; events {{}}\n"
            f"http {{ {site} }}\n",
            encoding="utf-8",
        )
        _judge(["nginx", "-t", "-q", "-c", str(whole)])


def units() -> None:
    """The units, where their programs would be installed."""
    found = sorted(str(path) for path in (OPS / "systemd").iterdir())
    # The one complaint to expect here: Xiangji is not installed under /srv.
    said = _judge(["systemd-analyze", "verify", *found], accept_failure=True)
    wrong = [
        line
        for line in said.splitlines()
        if "/srv/xiangji" not in line and "ops/systemd" in line
    ]
    if wrong:
        raise Refused("\n".join(wrong))


def alerts() -> None:
    """The rules, and whether they ring when they must and only then.

    promtool compares annotations too; those are for people and only repeat the labels.
    """
    _judge(["promtool", "check", "rules", str(OPS / "alerts.yml")])
    rules = yaml.safe_load((OPS / "alerts.yml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            del rule["annotations"]
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "alerts.yml"
        bare.write_text(yaml.safe_dump(rules), encoding="utf-8")
        test = shutil.copy(OPS / "alerts_test.yml", folder)
        _judge(["promtool", "test", "rules", str(test)])


def _judge(command: list[str], *, accept_failure: bool = False, **env: str) -> str:
    if shutil.which(command[0]) is None:
        raise Refused(f"{command[0]} is missing; install its package.")
    done = subprocess.run(
        command,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    said = done.stdout + done.stderr
    if done.returncode != 0 and not accept_failure:
        raise Refused(f"{' '.join(command[:2])}: {said.strip()}")
    return said


JUDGES: dict[str, Callable[[], None]] = {
    "compose.yaml": compose,
    "ops/nginx/site.conf": nginx,
    "ops/systemd": units,
    "ops/alerts.yml": alerts,
}


def main() -> int:
    failed = 0
    for name, judge in JUDGES.items():
        try:
            judge()
        except Refused as error:
            failed += 1
            print(f"{name} is refused: {error}", file=sys.stderr)
        else:
            print(f"{name} is accepted.")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] != ["check"]:
        sys.exit(__doc__)
    sys.exit(main())
