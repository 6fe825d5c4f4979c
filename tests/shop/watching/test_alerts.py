"""Every alert asks for figures that exist, and says what to do."""

import re
from pathlib import Path

import pytest
import yaml
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from partners.ledger.operations import check_ledger
from shop.watching import metrics
from shop.watching.exposition import exposition
from traceability.queries import State

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]
GROUPS = yaml.safe_load((ROOT / "ops" / "alerts.yml").read_text("utf-8"))["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ASKED = re.compile(r"(xiangji_\w+)(?:\{([^}]*)\})?")
MATCH = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
# Whatever is asked for by these may have any value.
FREE = {"route", "status"}


@pytest.fixture
def known(settings, tmp_path) -> dict[str, dict[str, set[str]]]:
    """Every sample there can be: its labels, and the values they can have."""
    check_ledger(at=timezone.now())
    for state in State:
        metrics.scan_judged(verdict=state)
    metrics.search_fell_back()
    (tmp_path / "xiangji-1").mkdir()
    (tmp_path / "xiangji-1" / "manifest.json").touch()
    settings.BACKUPS = tmp_path
    metrics.request_answered(route="a", status=200, seconds=0.1)
    for outcome in ("success", "failure", "retry"):
        metrics.job_done(task="a", outcome=outcome, seconds=0.1)
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(exposition().decode()):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


def strange(expression: str, known: dict[str, dict[str, set[str]]]) -> list[str]:
    """What an expression asks for and nobody shows."""
    found = []
    for name, selector in ASKED.findall(expression):
        if name not in known:
            found.append(name)
            continue
        for label, _how, value in MATCH.findall(selector):
            if label not in known[name]:
                found.append(f"{name}{{{label}}}")
            elif label not in FREE:
                gone = set(value.split("|")) - known[name][label]
                found += [f"{name}{{{label}={each}}}" for each in sorted(gone)]
    return found


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_asks_for_what_is_shown(rule, known):
    assert strange(rule["expr"], known) == []


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_says_what_to_do_and_how_soon(rule):
    assert rule["labels"]["severity"] in {"page", "desk"}
    assert len(rule["annotations"]["summary"]) > 20
    assert len(rule["annotations"]["do"]) > 40


def test_no_name_is_used_twice():
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))


def test_every_queue_and_part_rings_somewhere(known):
    """A queue that no rule looks at would stand still unheard."""
    text = "\n".join(rule["expr"] for rule in RULES)
    for name, label in (("queue_age_seconds", "queue"), ("part_ok", "part")):
        for value in known[f"xiangji_{name}"][label]:
            asked = [
                (how, set(wanted.split("|")))
                for each, selector in ASKED.findall(text)
                if each == f"xiangji_{name}"
                for _label, how, wanted in MATCH.findall(selector)
            ]
            assert any(
                (value not in wanted) if how.startswith("!") else value in wanted
                for how, wanted in asked
            ), value


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ("xiangji_ordres > 0", ["xiangji_ordres"]),
        ('xiangji_orders{status="paid"} > 0', ["xiangji_orders{status}"]),
        ('xiangji_orders{state=~"paid|payed"}', ["xiangji_orders{state=payed}"]),
    ],
)
def test_a_slip_of_the_pen_is_found(expression, missing, known):
    assert strange(expression, known) == missing
