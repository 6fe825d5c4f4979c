"""Places that readers of English can say; Chinese pages keep their characters."""

import pytest
from django.utils import translation

from partners.provinces import PROVINCES
from partners.spelling import place_told, region_told, spelled_place
from partners.templatetags.market import region


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("柳林村", "Liulin village"),
        ("汉寿县", "Hanshou county"),
        ("西安市", "Xi'an city"),
        ("陕西", "Shaanxi"),
        ("西藏", "Tibet"),
        ("湖南省", "Hunan"),
        ("内蒙古自治区", "Inner Mongolia"),
        ("广西壮族自治区", "Guangxi"),
        ("北京市", "Beijing"),
        ("吉林市", "Jilin city"),
        ("长沙市", "Changsha city"),
        ("伊犁哈萨克自治州", "Yili Kazakh autonomous prefecture"),
        ("隆林各族自治县", "Longlin multi-ethnic autonomous county"),
        ("杜拉尔鄂温克民族乡", "Dula'er Evenki township"),
        ("碑林区", "Beilin district"),
        ("神农架林区", "Shennongjia forestry district"),
        ("麓谷街道", "Lugu subdistrict"),
        ("长沙高新技术产业开发区", "Changsha high-tech zone"),
        ("毛家滩回族维吾尔族乡", "Maojiatan Hui and Uyghur township"),
        ("湘西土家族苗族自治州", "Xiangxi Tujia and Miao autonomous prefecture"),
        ("永固爱心超市", "Yonggu supermarket"),
        ("永固爱心超市(示例)", "Yonggu supermarket"),
        # No place's name: left as it is.
        ("村", ""),
        ("Liulin", ""),
        ("", ""),
    ],
)
def test_a_place_is_spelled(name: str, spelled: str) -> None:
    assert spelled_place(name) == spelled
    with translation.override("en"):
        assert place_told(name) == f"{spelled} {name}".strip()
    with translation.override("zh-hans"):
        assert place_told(name) == name


def test_every_province_is_known_by_its_chinese_name() -> None:
    with translation.override("zh-hans"):
        names = [str(name) for name in PROVINCES.values()]
    with translation.override("en"):
        assert [spelled_place(name) for name in names] == [
            str(name) for name in PROVINCES.values()
        ]


def test_regions_are_told_in_the_readers_language() -> None:
    with translation.override("en"):
        assert region("西藏、新疆") == "Tibet, Xinjiang"
        assert region_told("长沙") == "Changsha"
        assert region("") == ""
    with translation.override("zh-hans"):
        assert region("西藏、新疆") == "西藏、新疆"
