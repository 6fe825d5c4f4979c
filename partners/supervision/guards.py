"""Findings and decisions are written once. Put up by migration 0002."""

from partners.guards import Trigger, append_only

TRIGGERS: tuple[Trigger, ...] = (
    *append_only("supervision_outsidefact"),
    *append_only("supervision_factwithdrawal"),
    *append_only("supervision_finding"),
    *append_only("supervision_findingdecision"),
)
