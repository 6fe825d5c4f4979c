"""A certificate as a W3C Verifiable Credential, for whoever reads those.

Sources: Verifiable Credentials Data Model 2.0; Data Integrity EdDSA Cryptosuites 1.0
(eddsa-jcs-2022); Controlled Identifiers 1.0 (Multikey); did:web. The second one's own
test vectors are in tests/vectors/vc-di-eddsa.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography.exceptions import InvalidSignature

from traceability import signing
from traceability.canonical import canonical_json, timestamp
from traceability.models import Certificate

SUITE = "eddsa-jcs-2022"
CONTEXT = [
    "https://www.w3.org/ns/credentials/v2",
    # Our facts keep the names that they have in the signed text.
    "https://www.w3.org/ns/credentials/undefined-terms/v2",
]
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519_PUBLIC = b"\xed\x01"


class CredentialRejected(Exception):
    """The proof does not hold; says why."""


@dataclass(frozen=True)
class Method:
    """A public key as a controller document lists it; `public_key` is base64."""

    key_id: str
    public_key: str
    expires: datetime | None = None
    revoked: datetime | None = None


def multibase(data: bytes) -> str:
    """Base 58 with Bitcoin's alphabet, marked z."""
    number, digits = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + digits


def from_multibase(text: str) -> bytes:
    """The bytes behind base 58. Errors: ValueError."""
    if not text.startswith("z"):
        raise ValueError("not base 58")
    number = 0
    for letter in text[1:]:
        number = number * 58 + _ALPHABET.index(letter)
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def did_of(base_url: str) -> str:
    """did:web:HOST, found at HOST/.well-known/did.json."""
    return f"did:web:{quote(urlsplit(base_url).netloc, safe='')}"


def controller_document(did: str, methods: Iterable[Method]) -> dict[str, Any]:
    """Who signs our credentials: every key there was, and what it may be believed."""
    listed = [_told(did, method) for method in methods]
    return {
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/multikey/v1",
        ],
        "id": did,
        "verificationMethod": listed,
        "assertionMethod": [it["id"] for it in listed if "revoked" not in it],
    }


def _told(did: str, method: Method) -> dict[str, str]:
    key = _ED25519_PUBLIC + base64.b64decode(method.public_key)
    told = {
        "id": f"{did}#{method.key_id}",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": multibase(key),
    }
    if method.expires is not None:
        told["expires"] = timestamp(method.expires)
    if method.revoked is not None:
        told["revoked"] = timestamp(method.revoked)
    return told


def credential_of(
    certificate: Certificate, *, base_url: str, origin: str
) -> dict[str, Any]:
    """What is claimed, not yet signed: the certificate's own text, and where it stands
    in the log that says what becomes of it."""
    address = f"{base_url}/certificates/{certificate.number}/"
    document = json.loads(certificate.document)
    return {
        "@context": CONTEXT,
        "id": f"{address}credential.json",
        "type": ["VerifiableCredential", "CertificateOfCompliance"],
        "name": f"{document['title']} {certificate.number}",
        "issuer": did_of(base_url),
        "validFrom": document["issued_at"],
        "credentialSubject": {"id": address, **document},
        "transparencyLog": {
            "origin": origin,
            "address": f"{base_url}/log",
            "line": certificate.leaf.index + 1,
            "sha256": certificate.sha256,
            "signature": certificate.signature,
        },
    }


def secured(
    credential: dict[str, Any],
    *,
    method: str,
    created: datetime,
    sign: Callable[[bytes], bytes],
) -> dict[str, Any]:
    """The credential with its proof (clause 3.3.1, Create Proof)."""
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": f"{created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
        "@context": credential["@context"],
    }
    value = multibase(sign(hash_data(credential, options)))
    return credential | {"proof": options | {"proofValue": value}}


def hash_data(credential: dict[str, Any], options: dict[str, Any]) -> bytes:
    """What is signed (clause 3.3.4, Hashing): the proof's hash, then the document's."""
    return b"".join(
        hashlib.sha256(canonical_json(part).encode()).digest()
        for part in (options, credential)
    )


def verify(secured: dict[str, Any], *, public_key: str) -> dict[str, Any]:
    """The credential without its proof, where a base64 key did sign it (clause 3.3.2).

    Errors: CredentialRejected.
    """
    credential = {name: secured[name] for name in secured if name != "proof"}
    try:
        options = dict(secured["proof"])
        value = from_multibase(options.pop("proofValue"))
        if (options["type"], options["cryptosuite"]) != ("DataIntegrityProof", SUITE):
            raise CredentialRejected("The proof is of another kind.")
        context = options.get("@context", [])
        if list(credential["@context"])[: len(context)] != list(context):
            raise CredentialRejected("The proof is of another context.")
        signing.ALGORITHMS["Ed25519"].verify(
            public_key=base64.b64decode(public_key),
            signature=value,
            message=hash_data(credential, options),
        )
    except (KeyError, TypeError, ValueError, InvalidSignature) as error:
        raise CredentialRejected("The proof does not fit.") from error
    return credential
