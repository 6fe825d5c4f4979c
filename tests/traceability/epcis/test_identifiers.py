"""URNs and Digital Links as one form, and what is none."""

import pytest
from django.utils.translation import override

from traceability.epcis.identifiers import NotAnIdentifier, canonical

LINK = "https://id.gs1.org"


class TestCanonical:
    @pytest.mark.parametrize(
        ("uri", "link"),
        [
            ("urn:epc:id:sgtin:0614141.107346.2017", "/01/10614141073464/21/2017"),
            (
                "urn:epc:class:lgtin:4012345.012345.Lot987",
                "/01/04012345123456/10/Lot987",
            ),
            ("urn:epc:id:sscc:4012345.3111111111", "/00/340123451111111111"),
            ("urn:epc:id:sgln:0614141.07346.0", "/414/0614141073467"),
            ("urn:epc:id:sgln:0614141.07346.1234", "/414/0614141073467/254/1234"),
            (
                "urn:epc:id:itip:4012345.011111.01.02.987",
                "/8006/040123451111180102/21/987",
            ),
            ("urn:epc:idpat:sgtin:4012345.012345.*", "/01/04012345123456"),
            (
                "https://shop.example.cn/a/gtin/9506000134352/lot/L%201/ser/7?q=1#x",
                "/01/09506000134352/21/7",
            ),
            (
                "http://example.cn/01/09506000134352/22/B/10/L%201",
                "/01/09506000134352/10/L%201",
            ),
        ],
    )
    def test_is_the_digital_link(self, uri: str, link: str) -> None:
        assert canonical(uri) == LINK + link

    @pytest.mark.parametrize(
        "uri",
        [
            "",
            "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
            "http://transaction.acme.com/po/12345678",
            "https://example.cn/news/01/20261118",
            "https://example.cn/01/",
            "https://xiangji.example/class/430722-1",
        ],
    )
    def test_leaves_what_is_not_gs1s(self, uri: str) -> None:
        assert canonical(uri) == uri

    @pytest.mark.parametrize(
        "uri",
        [
            "https://id.gs1.org/01/09506000134353/21/A1",
            "https://example.cn/01/09506000134353",
            "https://id.gs1.org/00/340123451111111112",
            "https://id.gs1.org/414/9506000134377",
            "https://id.gs1.org/8003/04012345000222334455",
            "https://id.gs1.org/8018/401234500000067658",
        ],
    )
    def test_refuses_a_wrong_check_digit(self, uri: str) -> None:
        with override("en"), pytest.raises(NotAnIdentifier, match="check digit"):
            canonical(uri)

    @pytest.mark.parametrize(
        "uri",
        [
            "urn:epc:id:sgtin:0614141.1073465.2017",
            "urn:epc:id:sgtin:06141.10734656.2017",
            "urn:epc:id:sgtin:0614141.107346",
            "urn:epc:id:sgtin:0614141.107346.a b",
            "urn:epc:id:sgtin:٠614141.107346.1",
            "urn:epc:id:lgtin:4012345.012345.L",
            "urn:epc:id:whatever:1.2.3",
            "urn:epc:id:",
            "urn:epc:idpat:sgtin:0614141.*.*",
            "https://id.gs1.org/01/12345",
            "https://id.gs1.org/hello",
            "https://id.gs1.org/01/09506000134352/21/" + "9" * 300,
        ],
    )
    def test_refuses_what_only_looks_like_gs1s(self, uri: str) -> None:
        with pytest.raises(NotAnIdentifier):
            canonical(uri)

    def test_is_canonical_itself(self) -> None:
        link = canonical("urn:epc:id:upui:1234567.098765.51qIgY)%3C%26Jp3*j7'SDB")
        assert canonical(link) == link
