"""Reads about places."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from partners.organisations.division_files import CODE_LENGTH, padded
from partners.organisations.models import Division, Farmer

# How many leading digits of a code belong to its own level.
OWN_DIGITS = {
    Division.Level.PROVINCE: 2,
    Division.Level.CITY: 4,
    Division.Level.COUNTY: 6,
    Division.Level.TOWNSHIP: 9,
    Division.Level.VILLAGE: 12,
}
# Levels of bookkeeping between a province and its counties that nobody says.
UNSPOKEN = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}


class UnknownDivision(LookupError):
    """No place has this code."""


class MisplacedDivision(ValueError):
    """The place exists, but not inside the one it was put in."""


def own_prefix(division: Division) -> str:
    """The digits that every place inside `division` shares with it."""
    return division.code[: OWN_DIGITS[Division.Level(division.level)]]


def division(code: str) -> Division:
    """The place with this code; short official codes ("430722") are understood.

    Errors: UnknownDivision, naming the code.
    """
    found = Division.objects.filter(pk=_whole(code)).first()
    if found is None:
        raise UnknownDivision(_("There is no place %(code)s.") % {"code": code})
    return found


def require_within(code: str, ancestor_code: str) -> Division:
    """The place with this code, which must be `ancestor_code` or inside it.

    Errors: UnknownDivision or MisplacedDivision, naming code and name.
    """
    ancestor = division(ancestor_code)
    found = division(code)
    if not found.code.startswith(own_prefix(ancestor)):
        raise MisplacedDivision(
            _("%(place)s (%(code)s) is not in %(other)s (%(other_code)s).")
            % {
                "place": found.name,
                "code": found.code,
                "other": ancestor.name,
                "other_code": ancestor.code,
            }
        )
    return found


def ancestors(code: str) -> list[Division]:
    """The places above this one, province first, itself not among them.

    Errors: UnknownDivision.
    """
    found = division(code)
    above = [
        padded(found.code[:digits])
        for digits in OWN_DIGITS.values()
        if digits < OWN_DIGITS[Division.Level(found.level)]
    ]
    return list(Division.objects.filter(pk__in=above).exclude(pk=found.pk))


def full_name(code: str, from_level: str = "province") -> str:
    """湖南省常德市汉寿县崔家桥镇永固村, from `from_level` down.

    Levels that nobody says (北京市 市辖区) are left out.

    Errors: UnknownDivision.
    """
    least = OWN_DIGITS[Division.Level(from_level)]
    names = [
        place.name
        for place in [*ancestors(code), division(code)]
        if OWN_DIGITS[Division.Level(place.level)] >= least
        and place.name not in UNSPOKEN
    ]
    return "".join(names)


def within(ancestor: Division) -> QuerySet[Division]:
    """Every place inside `ancestor`, of all levels, itself not among them."""
    return Division.objects.filter(code__startswith=own_prefix(ancestor)).exclude(
        pk=ancestor.pk
    )


def find_by_names(
    *,
    province: str = "",
    city: str = "",
    county: str = "",
    township: str = "",
    village: str = "",
) -> list[Division]:
    """Places of the lowest level named, inside places with the other names.

    A name may lack its ending: "湖南" finds 湖南省, "汉寿" 汉寿县. Names that match
    exactly win over those that only start so. Empty where nothing fits.
    """
    names = {
        Division.Level.PROVINCE: province,
        Division.Level.CITY: city,
        Division.Level.COUNTY: county,
        Division.Level.TOWNSHIP: township,
        Division.Level.VILLAGE: village,
    }
    found: list[Division] | None = None
    for level, name in names.items():
        if not name:
            continue
        at_level = Division.objects.filter(level=level, name__startswith=name)
        matches = [
            place
            for place in at_level
            if found is None
            or any(place.code.startswith(own_prefix(above)) for above in found)
        ]
        found = [place for place in matches if place.name == name] or matches
    return found or []


def villages_of(county_code: str) -> QuerySet[Division]:
    """The villages and communities of a county.

    Errors: UnknownDivision.
    """
    return within(division(county_code)).filter(level=Division.Level.VILLAGE)


def villages_by_township(county_code: str) -> list[tuple[Division, list[Division]]]:
    """A county's townships, each with its villages.

    Errors: UnknownDivision.
    """
    inside = within(division(county_code))
    townships = {
        place.pk: (place, list[Division]())
        for place in inside.filter(level=Division.Level.TOWNSHIP)
    }
    for village in inside.filter(level=Division.Level.VILLAGE):
        if village.parent_id in townships:
            townships[village.parent_id][1].append(village)
    return [pair for pair in townships.values() if pair[1]]


def farmers_by_village(
    villages: Iterable[Division],
) -> list[tuple[Division, list[Farmer]]]:
    """Each of the villages with its farmers, in the order they joined."""
    groups = {village.pk: (village, list[Farmer]()) for village in villages}
    for farmer in Farmer.objects.filter(village__in=groups).order_by("joined_at", "pk"):
        groups[farmer.village_id][1].append(farmer)
    return list(groups.values())


def _whole(code: str) -> str:
    return padded(code) if code.isdigit() and len(code) < CODE_LENGTH else code
