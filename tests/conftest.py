"""What every test shares, and the fixtures that any may ask for by name."""

from tests.factories.people import (  # noqa: F401
    assistant_qian,
    assistant_zhao,
    auditor,
    buyer,
    farmer_li,
    farmer_wang,
    operator,
    stranger,
)
from tests.factories.places import (  # noqa: F401
    hanshou,
    village_luxi,
    village_yonggu,
)
from tests.factories.shares import (  # noqa: F401
    agreement,
    household_li,
    household_zhang,
    manager,
    other_manager,
    other_supermarket,
    supermarket,
)
from tests.guards import lift_guards_around_flush

lift_guards_around_flush()
