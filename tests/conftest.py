"""What every test shares."""

from tests.guards import lift_guards_around_flush

lift_guards_around_flush()
