"""Hidden codes: ten characters under a silver field, which decide once.

A hidden code is 50 bits of a keyed BLAKE2b over its label's number, under a key of its
own from LABEL_SECRET. No row holds it: who steals the database can neither print one
nor scratch a label free. Who photographs a label in the shop has only the open code.
"""

import hashlib
import hmac

from django.conf import settings

from traceability import codes

LENGTH = 10
_BITS = 5 * LENGTH
_DIGEST_BYTES = 7


def scratch_code_of(number: int) -> str:
    """The hidden code of a label's number. Errors: ValueError outside 0 to 2^56 - 1."""
    if not 0 <= number <= codes.MAX_NUMBER:
        raise ValueError(f"no label number: {number}")
    key = codes.derived_key(settings.LABEL_SECRET, "label scratch")
    body = codes.GENERATION << codes.NUMBER_BITS | number
    mark = hashlib.blake2b(
        body.to_bytes(8, "big"), key=key, digest_size=_DIGEST_BYTES
    ).digest()
    value = int.from_bytes(mark, "big") >> 8 * _DIGEST_BYTES - _BITS
    return codes.spelled(value, length=LENGTH)


def is_scratch_code(number: int, typed: str) -> bool:
    """Whether this is the label's hidden code, forgiven as open codes are.

    Takes the same time however much of it is right.
    """
    if len(typed) > 4 * LENGTH:
        return False
    told = codes.as_printed(typed).encode()
    return hmac.compare_digest(scratch_code_of(number).encode(), told)
