"""Places to a tenth of a degree, how far apart they are, and what they are near to."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from django.utils.translation import get_language
from django.utils.translation import gettext as _

# Rounding moves a place by up to 8 km.
TOLD_WITHIN_KM = 8
_EARTH_KM = 6371.0
_AROUND_KM = 30


@dataclass(frozen=True)
class Place:
    """Tenths of a degree, WGS 84; `within_km` is how wrong it may be."""

    latitude: int
    longitude: int
    within_km: int = TOLD_WITHIN_KM


def rounded(latitude: float, longitude: float, within_km: int) -> Place:
    """A place in degrees, as exactly as we keep it."""
    return Place(round(latitude * 10), round(longitude * 10), within_km)


@dataclass(frozen=True)
class City:
    """A seat of a province's government, as a point to find one's way by."""

    chinese: str
    english: str
    latitude: float
    longitude: float

    @property
    def name(self) -> str:
        """In the reader's language."""
        chinese = (get_language() or "").startswith("zh")
        return self.chinese if chinese else self.english


# Most asked for first: where names would overlap, the first is written.
CITIES = (
    City("北京", "Beijing", 39.90, 116.41),
    City("上海", "Shanghai", 31.23, 121.47),
    City("广州", "Guangzhou", 23.13, 113.26),
    City("长沙", "Changsha", 28.23, 112.94),
    City("成都", "Chengdu", 30.66, 104.07),
    City("武汉", "Wuhan", 30.59, 114.31),
    City("西安", "Xi'an", 34.27, 108.95),
    City("乌鲁木齐", "Ürümqi", 43.83, 87.62),
    City("拉萨", "Lhasa", 29.65, 91.14),
    City("哈尔滨", "Harbin", 45.80, 126.53),
    City("昆明", "Kunming", 25.04, 102.72),
    City("兰州", "Lanzhou", 36.06, 103.83),
    City("沈阳", "Shenyang", 41.80, 123.43),
    City("杭州", "Hangzhou", 30.27, 120.15),
    City("福州", "Fuzhou", 26.07, 119.30),
    City("重庆", "Chongqing", 29.56, 106.55),
    City("南京", "Nanjing", 32.06, 118.80),
    City("郑州", "Zhengzhou", 34.75, 113.62),
    City("海口", "Haikou", 20.04, 110.20),
    City("呼和浩特", "Hohhot", 40.84, 111.75),
    City("银川", "Yinchuan", 38.49, 106.23),
    City("西宁", "Xining", 36.62, 101.78),
    City("南宁", "Nanning", 22.82, 108.37),
    City("贵阳", "Guiyang", 26.65, 106.63),
    City("济南", "Jinan", 36.65, 117.12),
    City("太原", "Taiyuan", 37.87, 112.55),
    City("合肥", "Hefei", 31.82, 117.23),
    City("南昌", "Nanchang", 28.68, 115.86),
    City("台北", "Taipei", 25.04, 121.56),
    City("香港", "Hong Kong", 22.28, 114.16),
    City("澳门", "Macao", 22.20, 113.55),
    City("长春", "Changchun", 43.82, 125.32),
    City("石家庄", "Shijiazhuang", 38.04, 114.51),
    City("天津", "Tianjin", 39.13, 117.20),
)


def km_between(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Along the earth's surface; each is latitude and longitude in degrees."""
    lat1, lon1, lat2, lon2 = map(radians, (*first, *second))
    half = (
        sin((lat2 - lat1) / 2) ** 2
        + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * _EARTH_KM * asin(sqrt(min(1.0, half)))


def degrees(latitude: int, longitude: int) -> tuple[float, float]:
    """From tenths."""
    return latitude / 10, longitude / 10


def spoken_place(latitude: int, longitude: int) -> str:
    """Where that is, by the nearest seat of a province: "12 km from Changsha"."""
    here = degrees(latitude, longitude)
    km, city = min(
        ((km_between(here, (c.latitude, c.longitude)), c) for c in CITIES),
        key=lambda found: found[0],
    )
    if km < _AROUND_KM:
        return _("Around %(city)s") % {"city": city.name}
    return _("%(km)s km from %(city)s") % {"km": round(km / 10) * 10, "city": city.name}
