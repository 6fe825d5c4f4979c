"""CBOR with one spelling for each value, and COSE messages in it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability import cbor, cose, signing

pytestmark = pytest.mark.once

# RFC 8949, appendix A: those of the kinds that are taken here.
APPENDIX_A: list[tuple[str, Any]] = [
    ("00", 0),
    ("17", 23),
    ("1818", 24),
    ("1864", 100),
    ("1903e8", 1000),
    ("1a000f4240", 1_000_000),
    ("1b000000e8d4a51000", 1_000_000_000_000),
    ("1bffffffffffffffff", 18_446_744_073_709_551_615),
    ("3bffffffffffffffff", -18_446_744_073_709_551_616),
    ("20", -1),
    ("29", -10),
    ("3863", -100),
    ("3903e7", -1000),
    ("f4", False),
    ("f5", True),
    ("f6", None),
    ("40", b""),
    ("4401020304", b"\x01\x02\x03\x04"),
    ("60", ""),
    ("6449455446", "IETF"),
    ("62225c", '"\\'),
    ("62c3bc", "ü"),
    ("63e6b0b4", "水"),
    ("64f0908591", "𐅑"),
    ("80", []),
    ("8301820203820405", [1, [2, 3], [4, 5]]),
    ("a0", {}),
    ("a201020304", {1: 2, 3: 4}),
    ("a26161016162820203", {"a": 1, "b": [2, 3]}),
    ("826161a161626163", ["a", {"b": "c"}]),
    ("c11a514b67b0", cbor.Tagged(1, 1_363_896_240)),
]
ANOTHER_SPELLING = {
    "a number in two bytes that fits in one": "1817",
    "a number in three bytes that fits in two": "1900ff",
    "a number in nine bytes that fits in five": "1b00000000ffffffff",
    "a length that is not told": "5f42010243030405ff",
    "a list without end": "9f01ff",
    "keys out of order": "a203040102",
    "a key twice": "a201020103",
    "a floating point number": "f93c00",
    "an undefined value": "f7",
    "half a number": "19ff",
    "half a text": "6449455446"[:-2],
    "a list that promises too much": "9bffffffffffffffff",
    "a map that promises too much": "bb7fffffffffffffff",
    "a text that is not UTF-8": "62c328",
    "bytes behind it": "0000",
    "nothing": "",
    "true as a key beside one": "a201010f5f5",
    "too deep": "81" * 20 + "00",
}
VALUES = st.recursive(
    st.integers(-(1 << 64), (1 << 64) - 1)
    | st.binary(max_size=40)
    | st.text(max_size=40)
    | st.booleans()
    | st.none(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.integers(-(1 << 64), (1 << 64) - 1) | st.text(max_size=9),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


class TestCbor:
    @pytest.mark.parametrize(("written", "value"), APPENDIX_A)
    def test_writes_and_reads_the_published_bytes(
        self, written: str, value: Any
    ) -> None:
        assert cbor.encode(value).hex() == written
        assert cbor.decode(bytes.fromhex(written)) == value

    @pytest.mark.parametrize("why", ANOTHER_SPELLING)
    def test_takes_no_other_spelling(self, why: str) -> None:
        text = ANOTHER_SPELLING[why]
        with pytest.raises(cbor.CborRejected):
            cbor.decode(bytes.fromhex(text + "0" * (len(text) % 2)))

    @given(VALUES)
    def test_what_is_written_is_read(self, value: Any) -> None:
        assert cbor.decode(cbor.encode(value)) == value

    @given(st.binary(max_size=60))
    def test_what_is_read_is_written_so(self, data: bytes) -> None:
        try:
            value = cbor.decode(data)
        except cbor.CborRejected:
            return
        assert cbor.encode(value) == data

    @given(st.dictionaries(st.integers(), st.none(), max_size=9))
    def test_the_order_in_which_it_was_put_together_does_not_matter(
        self, value: Any
    ) -> None:
        value = {key: None for key in value if -(1 << 64) <= key < 1 << 64}
        turned = dict(reversed(value.items()))
        assert cbor.encode(turned) == cbor.encode(value)

    def test_writes_no_number_of_more_than_64_bits(self) -> None:
        for number in (1 << 64, -(1 << 64) - 1):
            with pytest.raises(ValueError, match="64 bits"):
                cbor.encode(number)


# The COSE working group's example EdDSA-01 (cose-wg/Examples, eddsa-sig-01).
PUBLIC_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
MESSAGE = (
    "d28445a201270300a10442313154546869732069732074686520636f6e74656e742e58407142fd2f"
    "f96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb8711497dfa751bf40b58b3bcc3"
    "2300b1487f3db34085eef013bf08f4a44d6fef0d"
)
SIGNED = (
    "846a5369676e61747572653145a2012703004054546869732069732074686520636f6e74656e742e"
)


class TestCose:
    def verified(self, message: bytes) -> cose.Sign1:
        read = cose.read_sign1(message)
        signing.verify_message(
            message=read.signed,
            signature=read.signature,
            algorithm="Ed25519",
            public_key=bytes.fromhex(PUBLIC_KEY),
        )
        return read

    def test_verifies_the_published_example(self) -> None:
        read = self.verified(bytes.fromhex(MESSAGE))
        assert read.signed.hex() == SIGNED
        assert read.payload == b"This is the content."
        assert read.protected_headers == {cose.ALGORITHM: cose.EDDSA, 3: 0}
        assert read.other_headers == {cose.KEY_ID: b"11"}

    def test_every_changed_byte_is_found(self) -> None:
        message = bytes.fromhex(MESSAGE)
        unsigned = range(message.index(b"11") - 4, message.index(b"11") + 2)
        for place in set(range(len(message))) - set(unsigned):
            changed = bytearray(message)
            changed[place] ^= 1
            with pytest.raises((cose.CoseRejected, signing.SignatureRejected)):
                self.verified(bytes(changed))

    @pytest.mark.parametrize(
        "message",
        [
            cbor.Tagged(17, [b"", {}, b"", b""]),
            cbor.Tagged(18, [b"", {}, b""]),
            cbor.Tagged(18, [b"\xa0\xa0", {}, b"", b""]),
            cbor.Tagged(18, [cbor.encode({1: -8}), {1: -8}, b"", b""]),
            cbor.Tagged(18, [cbor.encode({2: [9], 9: 1}), {}, b"", b""]),
            cbor.Tagged(18, [cbor.encode([1]), {}, b"", b""]),
            [b"", {}, b"", b""],
        ],
    )
    def test_takes_no_other_message(self, message: Any) -> None:
        with pytest.raises(cose.CoseRejected):
            cose.read_sign1(cbor.encode(message))
