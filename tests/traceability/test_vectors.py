"""What others published to test implementations with."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from traceability import merkle
from traceability.canonical import canonical_json

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
JCS = sorted(path.stem for path in (VECTORS / "jcs" / "input").glob("*.json"))


def cases(name: str) -> dict[str, Any]:
    """The published proof cases of one kind."""
    path = VECTORS / "merkle" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def decoded(text: str) -> bytes:
    return base64.b64decode(text)


class TestCanonicalJson:
    @pytest.mark.parametrize("name", JCS)
    def test_writes_the_published_bytes(self, name: str) -> None:
        text = (VECTORS / "jcs" / "input" / f"{name}.json").read_text(encoding="utf-8")
        wanted = (VECTORS / "jcs" / "outhex" / f"{name}.txt").read_text("ascii")
        value = json.loads(text)
        # Ours takes objects; what is no object goes in as a member.
        wrapped = value if isinstance(value, dict) else {"x": value}
        made = canonical_json(wrapped).encode()
        if value is not wrapped:
            made = made.removeprefix(b'{"x":').removesuffix(b"}")
        assert made == bytes.fromhex(wanted)

    @pytest.mark.parametrize("value", [float("nan"), 2**60, {1: "no text"}])
    def test_refuses_what_json_cannot_say_exactly(self, value: Any) -> None:
        with pytest.raises(ValueError, match=r".+"):
            canonical_json({"x": value})


class TestPublishedProofs:
    def test_there_are_good_and_bad_ones(self) -> None:
        for name in ("inclusion", "consistency"):
            wanted = {case["wantErr"] for case in cases(name).values()}
            assert wanted == {True, False}

    @pytest.mark.parametrize("name", cases("inclusion"))
    def test_inclusion(self, name: str) -> None:
        case = cases("inclusion")[name]

        def verify() -> None:
            merkle.verify_inclusion(
                leaf=decoded(case["leafHash"]),
                index=case["leafIdx"],
                size=case["treeSize"],
                proof=[decoded(item) for item in case["proof"] or []],
                root=decoded(case["root"]),
            )

        if case["wantErr"]:
            with pytest.raises(merkle.ProofRejected):
                verify()
        else:
            verify()

    @pytest.mark.parametrize("name", cases("consistency"))
    def test_consistency(self, name: str) -> None:
        case = cases("consistency")[name]

        def verify() -> None:
            merkle.verify_consistency(
                old=case["size1"],
                new=case["size2"],
                old_root=decoded(case["root1"]),
                new_root=decoded(case["root2"]),
                proof=[decoded(item) for item in case["proof"] or []],
            )

        if case["wantErr"]:
            with pytest.raises(merkle.ProofRejected):
                verify()
        else:
            verify()


class TestOurProofs:
    """What we make, checked by what we check with: every leaf of every small tree."""

    SIZES = (*range(1, 40), 255, 256, 257)

    def leaves(self, size: int) -> list[bytes]:
        return [merkle.leaf_hash(str(i).encode()) for i in range(size)]

    @pytest.mark.parametrize("size", SIZES)
    def test_inclusion(self, size: int) -> None:
        leaves = self.leaves(size)
        node, root = merkle.node_in(leaves), merkle.root_of(leaves)
        for index in {*range(0, size, max(1, size // 20)), size - 1}:
            proof = merkle.inclusion_proof(node, index=index, size=size)
            merkle.verify_inclusion(
                leaf=leaves[index], index=index, size=size, proof=proof, root=root
            )
            with pytest.raises(merkle.ProofRejected):
                merkle.verify_inclusion(
                    leaf=merkle.leaf_hash(b"another"),
                    index=index,
                    size=size,
                    proof=proof,
                    root=root,
                )

    @pytest.mark.parametrize("new", SIZES)
    def test_consistency(self, new: int) -> None:
        leaves = self.leaves(new)
        node = merkle.node_in(leaves)
        for old in {*range(1, new + 1, max(1, new // 20)), new}:
            proof = merkle.consistency_proof(node, old=old, new=new)
            merkle.verify_consistency(
                old=old,
                new=new,
                old_root=merkle.root_of(leaves[:old]),
                new_root=merkle.root_of(leaves),
                proof=proof,
            )

    def test_there_is_no_proof_of_what_is_not_there(self) -> None:
        node = merkle.node_in(self.leaves(3))
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion_proof(node, index=3, size=3)
        with pytest.raises(ValueError, match="no proof"):
            merkle.consistency_proof(node, old=4, new=3)
        with pytest.raises(ValueError, match="power of two"):
            merkle.perfect_root(self.leaves(3))
        assert merkle.root_of([]) == merkle.EMPTY_ROOT
