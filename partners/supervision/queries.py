"""Findings in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from partners.supervision import checks
from partners.supervision.models import Finding
from partners.supervision.registry import CHECKS, REPORTS

assert checks  # imported so that every rule is in the registry


@dataclass(frozen=True)
class Described:
    """A finding with its rule's name and sentence, in the reader's language."""

    finding: Finding
    title: str
    sentence: str


def describe(finding: Finding) -> Described:
    """A finding of a rule that is no longer in the registry keeps its code."""
    if finding.rule in CHECKS:
        check = CHECKS[finding.rule]
        return Described(finding, str(check.title), str(check.says) % finding.values)
    if finding.rule in REPORTS:
        title, says = REPORTS[finding.rule]
        return Described(finding, str(title), str(says))
    return Described(finding, finding.rule, "")


def describe_all(findings: Iterable[Finding]) -> list[Described]:
    """`describe` for a list."""
    return [describe(finding) for finding in findings]
