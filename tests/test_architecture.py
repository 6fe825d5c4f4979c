"""What import-linter cannot say about the house."""

import ast
import inspect
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from django.conf import settings

from shop.config.celery import app as celery
from tests import stages

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("shop", "partners", "traceability", "logistics")
MOST_LINES = 400


def modules(*folders: str) -> Iterator[Path]:
    """Every module of ours outside migrations."""
    for folder in folders or PACKAGES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def public_functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def operation_modules() -> list[Path]:
    return [
        path
        for path in modules()
        if path.name == "operations.py" or path.parent.name == "operations"
    ]


def taking_positions(source: str) -> list[str]:
    """Names of public functions that take something by position."""
    return [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and (node.args.args or node.args.posonlyargs)
    ]


INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+\s*=\s*[\"']|\sstyle\s*=|<style", re.I
)
FOREIGN = re.compile(r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//", re.I)


class TestOperations:
    def test_there_are_some(self):
        assert len(operation_modules()) > 8

    # Parts of an operations package may share helpers between themselves.
    HELPERS = frozenset(
        {
            "after_refusal",
            "after_unknown",
            "escrow",
            "examine",
            "label_hash",
            "locked",
            "note",
            "require_village",
        }
    )

    @pytest.mark.parametrize("path", operation_modules(), ids=named)
    def test_every_public_one_takes_keywords_only(self, path):
        found = set(taking_positions(path.read_text(encoding="utf-8")))
        assert found <= self.HELPERS

    def test_one_that_takes_positions_is_found(self):
        assert taking_positions("def pay(order, *, at): ...") == ["pay"]


class TestModules:
    @pytest.mark.parametrize("path", list(modules()), ids=named)
    def test_none_is_longer_than_a_reader_can_hold(self, path):
        lines = path.read_text(encoding="utf-8").count("\n")
        assert lines <= MOST_LINES

    def test_the_environment_is_read_in_settings_only(self):
        allowed = ("shop/config/", "shop/demo/", "shop/alipay/sandbox/")
        found = [
            named(path)
            for path in modules()
            if re.search(r"os\.(environ|getenv)", path.read_text(encoding="utf-8"))
            and not named(path).startswith(allowed)
            and path.name != "__main__.py"
        ]
        assert found == []

    def test_production_code_never_imports_tests(self):
        found = [
            named(path)
            for path in modules()
            if re.search(
                r"^\s*(from|import) tests\b", path.read_text(encoding="utf-8"), re.M
            )
        ]
        assert found == []

    def test_receivers_are_one_call(self):
        for path in modules():
            if path.name != "receivers.py":
                continue
            for function in public_functions(path):
                body = [
                    node
                    for node in function.body
                    if not (
                        isinstance(node, ast.Expr)
                        and isinstance(node.value, ast.Constant)
                    )
                ]
                assert len(body) <= 2, f"{named(path)}: {function.name}"


class TestStages:
    def test_what_it_names_is_there(self) -> None:
        named = {*stages.SERVICES, *stages.BOTH}
        assert {path for path in named if not (ROOT / path).exists()} == set()
        names = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
        unused = [n for n in stages.BOTH_NAMES if not any(x.endswith(n) for x in names)]
        assert unused == []


class TestPages:
    templates = sorted((ROOT / "templates").rglob("*.html"))

    def test_there_are_some(self):
        assert len(self.templates) > 20

    @pytest.mark.parametrize("path", templates, ids=named)
    def test_no_inline_code_and_no_foreign_host(self, path):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"{% comment %}.*?{% endcomment %}", "", text, flags=re.S)
        assert not INLINE.search(text), INLINE.search(text)
        assert not FOREIGN.search(text), FOREIGN.search(text)
        assert not re.search(r"\|safe\b|autoescape off", text)

    @pytest.mark.parametrize(
        "text",
        [
            "<script>alert(1)</script>",
            '<p style="color:red">',
            "<a onclick='go()'>",
            "<style>p{}</style>",
        ],
    )
    def test_inline_code_is_found(self, text):
        assert INLINE.search(text)

    def test_a_foreign_host_is_found(self):
        assert FOREIGN.search('<script src="//cdn.example/jquery.js">')
        assert FOREIGN.search('<link href="https://cdn.example/a.css">')

    def test_scripts_and_styles_load_nothing_from_elsewhere(self):
        for path in (ROOT / "shop").rglob("static/**/*"):
            if path.suffix in {".css", ".js"}:
                text = path.read_text(encoding="utf-8")
                assert not re.search(
                    r"(url\(|import\s|fetch\()\s*[\"']?(https?:)?//", text
                ), path


def clockless(tasks: dict, schedule: dict) -> set[str]:
    """Names of tasks that need nothing told and that no clock calls."""
    alone = {
        name
        for name, task in tasks.items()
        if not name.startswith("celery.") and not inspect.signature(task.run).parameters
    }
    return alone - {entry["task"] for entry in schedule.values()}


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BESIDE = ("tests", "tools", "bench", "docs")


def distribution(requirement: str) -> str:
    """django-csp of "django-csp>=4", as registries compare names."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def foreign_imports(source: str) -> set[str]:
    """Top-level names of the packages of others that a module imports itself."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - set(PACKAGES) - set(BESIDE)


def unnamed(paths: Iterable[Path], requirements: Iterable[str]) -> set[str]:
    """Imports whose distribution stands in none of the requirements."""
    named_ones = {distribution(requirement) for requirement in requirements}
    known = packages_distributions()
    return {
        f"{named(path)}: {package}"
        for path in paths
        for package in foreign_imports(path.read_text(encoding="utf-8"))
        if named_ones.isdisjoint(map(distribution, known.get(package, [package])))
    }


class TestRequirements:
    """What is imported directly is named: another package may drop it tomorrow."""

    runtime = PROJECT["project"]["dependencies"]
    every = runtime + [one for g in PROJECT["dependency-groups"].values() for one in g]

    def test_the_product_names_all_that_it_imports(self):
        assert unnamed(modules(), self.runtime) == set()

    def test_tests_and_tools_name_all_that_they_import(self):
        assert unnamed(modules(*BESIDE), self.every) == set()

    def test_one_that_is_not_named_is_found(self):
        without = [one for one in self.runtime if not one.startswith("urllib3")]
        assert unnamed(modules("shop"), without) == {
            "shop/alipay/sandbox/server.py: urllib3",
            "shop/alipay/transport.py: urllib3",
        }

    def test_tests_packages_are_not_the_products(self):
        assert unnamed([ROOT / "tests/conftest.py"], self.runtime)


class TestPeriodicJobs:
    """A task that takes ids is asked for; one that takes nothing has only the clock."""

    @pytest.fixture
    def tasks(self):
        celery.loader.import_default_modules()
        return dict(celery.tasks)

    def test_every_one_is_in_the_schedule(self, tasks):
        assert clockless(tasks, settings.CELERY_BEAT_SCHEDULE) == set()

    def test_one_that_is_missing_is_found(self, tasks):
        schedule = dict(settings.CELERY_BEAT_SCHEDULE)
        del schedule["ordering.complete"]
        assert clockless(tasks, schedule) == {
            "shop.ordering.tasks.complete_overdue_orders"
        }

    def test_the_schedule_names_only_tasks_that_exist(self, tasks):
        named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
        assert named <= set(tasks)

    def test_what_the_schedule_passes_is_what_the_task_takes(self, tasks):
        for entry in settings.CELERY_BEAT_SCHEDULE.values():
            run = inspect.signature(tasks[entry["task"]].run)
            run.bind(*entry.get("args", ()), **entry.get("kwargs", {}))
