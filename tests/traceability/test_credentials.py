"""A certificate as a Verifiable Credential, beside the specification's own vectors."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.keys import OfflineMachine, emergency, key_for, rotation
from tests.factories.traceability import NOW, new_certificate, new_lot
from tests.traceability.test_signed import change
from traceability import credentials, operations
from traceability.canonical import canonical_json
from traceability.models import Certificate

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "vc-di-eddsa"
HOUR = timedelta(hours=1)


def vector(name: str) -> Any:
    text = (VECTORS / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else text.strip()


def vector_key() -> Ed25519PrivateKey:
    raw = credentials.from_multibase(vector("keyPair.json")["privateKeyMultibase"])
    assert raw[:2] == b"\x80\x26"
    return Ed25519PrivateKey.from_private_bytes(raw[2:])


def public_of(multibase: str) -> str:
    raw = credentials.from_multibase(multibase)
    assert raw[:2] == b"\xed\x01"
    return base64.b64encode(raw[2:]).decode()


class TestVectors:
    """B.2 of Data Integrity EdDSA Cryptosuites 1.0, step by step."""

    unsigned = {k: v for k, v in vector("signedJCS.json").items() if k != "proof"}
    options = vector("proofConfigJCS.json")

    def test_canonical_texts(self) -> None:
        assert canonical_json(self.unsigned) == vector("canonDocJCS.txt")
        assert canonical_json(self.options) == vector("proofCanonJCS.txt")

    def test_hash_data(self) -> None:
        made = credentials.hash_data(self.unsigned, self.options).hex()
        assert made == vector("combinedHashJCS.txt")
        assert made == vector("proofHashJCS.txt") + vector("docHashJCS.txt")

    def test_multibase(self) -> None:
        value = vector("sigBTC58JCS.txt")
        assert credentials.from_multibase(value).hex() == vector("sigHexJCS.txt")
        assert credentials.multibase(bytes.fromhex(vector("sigHexJCS.txt"))) == value
        for data in (b"", b"\0", b"\0\0\1", bytes(range(40))):
            assert credentials.from_multibase(credentials.multibase(data)) == data
        for text in ("", "m", "z0", "zl"):
            with pytest.raises(ValueError, match=r".+"):
                credentials.from_multibase(text)

    def test_signs_what_they_signed(self) -> None:
        made = credentials.secured(
            self.unsigned,
            method=self.options["verificationMethod"],
            created=datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC),
            sign=vector_key().sign,
        )
        assert made == vector("signedJCS.json")

    def test_verifies_what_they_signed(self) -> None:
        key = public_of(vector("keyPair.json")["publicKeyMultibase"])
        told = credentials.verify(vector("signedJCS.json"), public_key=key)
        assert told == self.unsigned

    @pytest.mark.parametrize(
        "change",
        [
            {"name": "Another"},
            {"@context": ["https://www.w3.org/ns/credentials/v2"]},
            {"proof": {}},
            {"proof": None},
            {"more": 1},
        ],
    )
    def test_refuses_what_they_did_not(self, change: dict[str, Any]) -> None:
        key = public_of(vector("keyPair.json")["publicKeyMultibase"])
        with pytest.raises(credentials.CredentialRejected):
            credentials.verify(vector("signedJCS.json") | change, public_key=key)

    @pytest.mark.parametrize(
        "change",
        [
            {"created": "2023-02-24T23:36:39Z"},
            {"cryptosuite": "eddsa-rdfc-2022"},
            {"proofPurpose": "authentication"},
            {"verificationMethod": "did:example:1#2"},
            {"proofValue": vector("sigBTC58JCS.txt")[:-1]},
            {"proofValue": "u"},
            {"@context": ["https://example.org/"]},
        ],
    )
    def test_refuses_another_proof(self, change: dict[str, Any]) -> None:
        key = public_of(vector("keyPair.json")["publicKeyMultibase"])
        told = vector("signedJCS.json")
        told["proof"] |= change
        with pytest.raises(credentials.CredentialRejected):
            credentials.verify(told, public_key=key)


def resolved(client: Client, method: str) -> dict[str, Any]:
    """The verification method where did:web says that it is."""
    did, _hash, _fragment = method.partition("#")
    prefix, host = did.rsplit(":", 1)
    assert prefix == "did:web"
    assert "/" not in unquote(host)
    document = client.get("/.well-known/did.json").json()
    assert document["id"] == did
    (found,) = [it for it in document["verificationMethod"] if it["id"] == method]
    assert found["controller"] == did
    found["asserts"] = method in document["assertionMethod"]
    told: dict[str, Any] = found
    return told


@pytest.mark.django_db
class TestCredential:
    @pytest.fixture
    def certificate(
        self, root: OfflineMachine, farmer_wang: Farmer, zhao: User
    ) -> Certificate:
        lot = new_lot(farmer=farmer_wang, by=zhao)
        return new_certificate(lot=lot, by=zhao, quantity_g=50_000)

    def get(self, client: Client, certificate: Certificate) -> dict[str, Any]:
        answer = client.get(f"/certificates/{certificate.number}/credential.json")
        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/vc"
        told: dict[str, Any] = json.loads(answer.content)
        return told

    def verified(self, client: Client, told: dict[str, Any]) -> dict[str, Any]:
        found = resolved(client, told["proof"]["verificationMethod"])
        assert found["asserts"]
        public = public_of(found["publicKeyMultibase"])
        return credentials.verify(told, public_key=public)

    def test_holds_by_the_key_that_its_method_names(
        self, client: Client, certificate: Certificate, settings: Any
    ) -> None:
        settings.BASE_URL = "https://market.example:8443"
        told = self.verified(client, self.get(client, certificate))
        assert told["issuer"] == "did:web:market.example%3A8443"
        assert told["type"][0] == "VerifiableCredential"
        assert told["@context"][0] == "https://www.w3.org/ns/credentials/v2"
        assert told["validFrom"] == "2026-11-19T09:00:00+08:00"
        subject = told["credentialSubject"]
        document = json.loads(certificate.document)
        assert {k: v for k, v in subject.items() if k != "id"} == document
        assert told["transparencyLog"]["line"] == certificate.leaf.index + 1

    def test_says_nothing_personal(
        self, client: Client, certificate: Certificate
    ) -> None:
        text = json.dumps(self.get(client, certificate), ensure_ascii=False)
        for secret in ("王示例", "10000000009"):
            assert secret not in text

    def test_a_changed_fact_does_not_hold(
        self, client: Client, certificate: Certificate
    ) -> None:
        told = self.get(client, certificate)
        self.verified(client, told)
        told["credentialSubject"]["quantity_g"] += 1
        with pytest.raises(credentials.CredentialRejected):
            self.verified(client, told)

    def test_is_given_while_the_certificate_stands(
        self, client: Client, certificate: Certificate, zhao: User
    ) -> None:
        address = f"/certificates/{certificate.number}/credential.json"
        assert client.get(address).status_code == 200
        operations.revoke_certificate(
            certificate=certificate, reason="写错了", by=zhao, at=NOW
        )
        assert client.get(address).status_code == 404

    def test_not_of_a_recalled_lot_nor_of_a_changed_row(
        self, client: Client, certificate: Certificate, zhao: User, farmer_wang: Farmer
    ) -> None:
        address = f"/certificates/{certificate.number}/credential.json"
        change(Certificate.objects.filter(pk=certificate.pk), quantity_g=1)
        assert client.get(address).status_code == 404
        change(Certificate.objects.filter(pk=certificate.pk), quantity_g=50_000)
        assert client.get(address).status_code == 200
        operations.recall_lot(lot=certificate.lot, reason="有虫", by=zhao, at=NOW)
        assert client.get(address).status_code == 404

    def test_old_keys_verify_and_stolen_ones_assert_nothing(
        self, client: Client, certificate: Certificate, root: OfflineMachine
    ) -> None:
        before = self.get(client, certificate)
        old = key_for("certificate")
        root.list_keys(rotation("certificate", starts_at=NOW + HOUR))
        self.verified(client, before)
        found = resolved(client, before["proof"]["verificationMethod"])
        assert found["expires"] == "2026-11-19T10:00:00+08:00"
        at = NOW + 2 * HOUR
        root.list_keys(*emergency(old, since=NOW + HOUR, at=at), at=at)
        found = resolved(client, before["proof"]["verificationMethod"])
        assert (found["revoked"], found["asserts"]) == (
            "2026-11-19T10:00:00+08:00",
            False,
        )

    def test_is_signed_by_the_key_of_today(
        self, client: Client, certificate: Certificate, root: OfflineMachine
    ) -> None:
        first = self.get(client, certificate)["proof"]["verificationMethod"]
        # The clock of the page is today's, long after the rotation.
        root.list_keys(rotation("certificate", starts_at=NOW + HOUR))
        second = self.get(client, certificate)["proof"]["verificationMethod"]
        assert first != second
        assert second.endswith(key_for("certificate", at=NOW + HOUR))

    def test_without_a_key_there_is_none(
        self,
        client: Client,
        certificate: Certificate,
        settings: Any,
        tmp_path: Path,
    ) -> None:
        settings.ROOT_KEY_FILE = str(tmp_path / "none.pub")
        address = f"/certificates/{certificate.number}/credential.json"
        for path in (address, "/.well-known/did.json"):
            with pytest.MonkeyPatch.context() as patch:
                from traceability import queries

                patch.setattr(queries, "certificate_holds", lambda it: True)
                assert client.get(path).status_code == 404
