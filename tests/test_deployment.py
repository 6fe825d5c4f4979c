"""What an operator copies: the environment's example, compose, nginx, units."""

import gzip
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from shop.backups.facts import Facts
from shop.backups.manifest import Manifest
from shop.notices import texts
from tools.services import postgresql

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = ROOT / "shop" / "config" / "settings"
# Refused in production or read by the demo alone.
NOT_FOR_OPERATORS = {"ALIPAY_SANDBOX", "CARRIER_STANDIN"}
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
UNITS = sorted((ROOT / "ops" / "systemd").glob("*.service"))


def example() -> dict[str, str]:
    """Every variable of the example, with what stands behind it."""
    lines = (ROOT / "ops" / "environment.example").read_text("utf-8").splitlines()
    found = (re.fullmatch(r"#?([A-Z0-9_]+)=(.*)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def read_by_settings(*names: str) -> dict[str, str]:
    """Every variable that the settings read, with the way they ask for it."""
    ask = re.compile(
        r'env\.(required|text|flag|items|nodes|table|existing)\(\s*"([A-Z0-9_]+)"'
    )
    text = "".join((SETTINGS / f"{n}.py").read_text("utf-8") for n in names)
    return {name: how for how, name in ask.findall(text)}


class TestEnvironmentExample:
    def test_holds_every_variable_that_production_reads(self):
        missing = set(read_by_settings("base", "oscar", "production", "stores"))
        assert missing - NOT_FOR_OPERATORS - set(example()) == set()

    def test_holds_no_variable_that_nobody_reads(self):
        known = read_by_settings("base", "oscar", "production", "stores")
        assert set(example()) - set(known) == set()

    def test_gives_no_secret_a_value(self):
        required = {
            name
            for name, how in read_by_settings("production").items()
            if how == "required"
        }
        assert {name: example()[name] for name in required} == dict.fromkeys(
            required, ""
        )


@pytest.fixture(scope="module")
def production(tmp_path_factory) -> dict[str, str]:
    """A production environment: the example's variables, each with a value."""
    folder = tmp_path_factory.mktemp("production")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private, public = folder / "private.pem", folder / "public.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
    )
    values = {
        name: f"test-only-{name.lower()}-0123456789-0123456789-0123456789-abcdef"
        for name, value in example().items()
        if not value
    }
    values |= {
        "XIANGJI_HOSTS": "market.example",
        "XIANGJI_BASE_URL": "https://market.example",
        "XIANGJI_LOG_ORIGIN": "market.example/430722",
        "XIANGJI_PROXIES": "1",
        "XIANGJI_S3_PUBLIC_URL": "https://files.market.example",
        "XIANGJI_S3_ENDPOINT": "https://s3.market.example",
        "XIANGJI_VAR": str(folder),
        "XIANGJI_NETWORK_PLACES": "",
        "DATABASE_URL": "postgresql://xiangji:secret@127.0.0.1:9/xiangji",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "CELERY_BROKER_URL": "redis://127.0.0.1:9/1",
        "ALIPAY_GATEWAY": "https://openapi.alipay.com/gateway.do",
        "ALIPAY_SELLER_ID": "2088000000000000",
        "ALIPAY_APP_PRIVATE_KEY_FILE": str(private),
        "ALIPAY_PUBLIC_KEY_FILE": str(public),
        "ALIYUN_SMS_TEMPLATES": ",".join(f"{kind}=SMS_1" for kind in texts.TEXTS),
    }
    values.pop("SEARCH_ENGINE", None)
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "shop.config.settings.production",
        **values,
    }


def manage(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


# Loads the production settings whole, then once without each name given.
WITHOUT_EACH = """
import os, runpy, sys
for name in ["-", *sys.argv[1:]]:
    kept = os.environ.pop(name, None)
    try:
        runpy.run_module("shop.config.settings.production")
        print(name, "starts", sep="\\t")
    except SystemExit as stopped:
        print(name, stopped, sep="\\t")
    if kept is not None:
        os.environ[name] = kept
"""


class TestProductionSettings:
    def test_pass_djangos_check_for_deployment(self, production):
        done = manage(production, "check", "--deploy", "--fail-level", "WARNING")
        assert done.returncode == 0, done.stdout + done.stderr

    def test_a_missing_secret_stops_the_start_with_its_name(self, production):
        required = sorted(
            name
            for name, how in read_by_settings("production").items()
            if how == "required"
        )
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_EACH, *required],
            cwd=ROOT,
            env=production,
            capture_output=True,
            text=True,
            check=True,
        )
        said = dict(line.split("\t") for line in done.stdout.splitlines())
        assert said.pop("-") == "starts"
        assert all(said[name].startswith(f"Set {name} in") for name in required)


class TestCompose:
    def test_every_process_of_the_operations_manual_is_there(self):
        services = set(COMPOSE["services"])
        assert services >= {"web", "worker", "beat", "nginx", "migrate"}
        assert services >= {"postgresql", "redis", "elasticsearch"}

    def test_only_nginx_is_reached_from_outside(self):
        open_ports = {n for n, s in COMPOSE["services"].items() if "ports" in s}
        assert open_ports == {"nginx"}

    def test_no_password_stands_in_it(self):
        text = (ROOT / "compose.yaml").read_text("utf-8")
        assert not re.search(r"PASSWORD: (?!\$\{)", text)

    def test_what_a_service_waits_for_can_become_healthy(self):
        for service in COMPOSE["services"].values():
            for name, on in service.get("depends_on", {}).items():
                if on["condition"] == "service_healthy":
                    assert "healthcheck" in COMPOSE["services"][name]

    def test_sets_only_variables_that_the_settings_read(self):
        known = read_by_settings("base", "oscar", "production", "stores")
        assert set(COMPOSE["x-shop"]["environment"]) <= set(known)

    def test_programs_it_starts_are_in_the_checkout(self):
        for named in (
            "ops/web.sh",
            "ops/probe.py",
            "ops/nginx/site.conf",
            "ops/archive_wal.sh",
            "ops/postgresql_backups.sh",
        ):
            assert (ROOT / named).is_file()


class TestUnits:
    @pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
    def test_run_as_nobody_special_with_the_production_settings(self, unit):
        text = unit.read_text("utf-8")
        assert "User=xiangji\n" in text
        assert "DJANGO_SETTINGS_MODULE=shop.config.settings.production" in text
        assert "EnvironmentFile=/etc/xiangji/environment\n" in text
        assert ("Restart=always\n" in text) != ("Type=oneshot\n" in text)

    def test_the_target_wants_all_of_them(self):
        wanted = (ROOT / "ops" / "systemd" / "xiangji.target").read_text("utf-8")
        for unit in UNITS:
            if "Type=oneshot\n" not in unit.read_text("utf-8"):
                assert unit.stem.removesuffix("@") in wanted

    def test_what_ends_by_itself_has_a_clock(self):
        for unit in UNITS:
            if "Type=oneshot\n" in unit.read_text("utf-8"):
                assert "OnCalendar=" in unit.with_suffix(".timer").read_text("utf-8")


class TestManage:
    def run(self, folder: Path, values: dict[str, str]) -> subprocess.CompletedProcess:
        file = folder / "environment"
        lines = [f"{name}={value}\n" for name, value in values.items()]
        file.write_text("# A remark\n\n" + "".join(lines), encoding="utf-8")
        # `restore` needs no user of its own; every other word does where root asks.
        return subprocess.run(
            ["sh", "ops/manage.sh", "restore", "--help"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "XIANGJI_ENVIRONMENT": str(file)},
            capture_output=True,
            text=True,
            check=False,
        )

    def test_gives_the_command_what_the_units_have(self, production, tmp_path):
        assert "usage: manage.py restore" in self.run(tmp_path, production).stdout
        production = {**production, "XIANGJI_FIELD_SECRET": ""}
        refused = self.run(tmp_path, production)
        assert "Set XIANGJI_FIELD_SECRET in the environment" in refused.stderr

    def test_nothing_in_a_value_is_a_word_of_the_shells(self, production, tmp_path):
        mark = tmp_path / "mark"
        value = f"a b$(touch {mark})`touch {mark}`; touch {mark} #'\""
        done = self.run(tmp_path, {**production, "XIANGJI_SCAN_SALT": value})
        assert done.returncode == 0, done.stderr
        assert not mark.exists()


class TestArchive:
    """PostgreSQL's archived log: kept whole, found again, forgotten when it may be."""

    SEGMENT = "00000001000000000000000D"

    def archive(self, folder: Path, content: bytes, name: str = SEGMENT) -> int:
        (folder / "segment").write_bytes(content)
        return self.sh(
            folder, "archive_wal.sh", str(folder / "segment"), name
        ).returncode

    def sh(self, folder: Path, script: str, *words: str) -> subprocess.CompletedProcess:
        (folder / "wal").mkdir(exist_ok=True)
        return subprocess.run(
            ["sh", str(ROOT / "ops" / script), *words, str(folder / "wal")],
            env={
                "PATH": f"{postgresql.find()}:{os.environ['PATH']}",
                "XIANGJI_BACKUPS": str(folder / "backups"),
            },
            capture_output=True,
            check=False,
        )

    def test_keeps_a_segment_once_and_never_another_of_its_name(self, tmp_path):
        segment = b"log" + bytes(16 * 1024 * 1024)
        assert self.archive(tmp_path, segment) == 0
        assert self.archive(tmp_path, segment) == 0
        assert self.archive(tmp_path, segment + b"x") != 0
        (kept,) = (tmp_path / "wal").iterdir()
        assert gzip.decompress(kept.read_bytes()) == segment
        assert kept.stat().st_size < 20_000

    def test_forgets_only_what_no_backup_needs(self, tmp_path):
        if postgresql.find() is None:
            pytest.skip("PostgreSQL is not installed")
        names = [f"0000000100000000000000{n:02X}" for n in range(5)]
        for name in names[1:]:
            self.archive(tmp_path, b"log", name)
        (tmp_path / "wal" / names[0]).write_bytes(b"of an earlier version")
        assert self.sh(tmp_path, "prune_wal.sh").returncode == 0
        assert len(list((tmp_path / "wal").iterdir())) == 5
        for day, first in ((24, names[3]), (23, names[2])):
            backup = tmp_path / "backups" / f"xiangji-202611{day}T190000Z"
            backup.mkdir(parents=True)
            Manifest(
                size="postgresql",
                begun_at=datetime(2026, 11, day, 19, tzinfo=UTC),
                ended_at=datetime(2026, 11, day, 20, tzinfo=UTC),
                facts=Facts("", log_size=0, log_root="", rows={}, faults=[]),
                files={},
                left_out=[],
                wal=first,
            ).write(backup)
        assert self.sh(tmp_path, "prune_wal.sh").returncode == 0
        kept = sorted(path.name for path in (tmp_path / "wal").iterdir())
        assert kept == [f"{name}.gz" for name in names[2:]]


class TestNginx:
    def test_overwrites_what_an_asker_may_forge(self):
        text = (ROOT / "ops" / "nginx" / "site.conf").read_text("utf-8")
        for header in ("Host $host", "X-Forwarded-For $remote_addr"):
            assert f"proxy_set_header {header};" in text
        assert "proxy_set_header X-Forwarded-Proto https;" in text

    def test_logs_neither_path_nor_query(self):
        text = (ROOT / "ops" / "nginx" / "site.conf").read_text("utf-8")
        (log_format,) = re.findall(r"log_format xiangji '([^']*)'", text)
        assert not re.search(
            r"\$(request\b(?!_)|request_uri|uri|args|http_)", log_format
        )
        assert text.count("access_log") == 2

    def test_complains_of_nothing_whose_line_would_hold_an_address(self):
        text = (ROOT / "ops" / "nginx" / "site.conf").read_text("utf-8")
        (level,) = re.findall(r"error_log \S+ (\w+);", text)
        assert level in {"crit", "alert", "emerg"}
