"""Alibaba Cloud SMS (dysmsapi), action SendSms of version 2017-05-25.

Requests are signed by Alibaba Cloud's "V3 request structure and signature",
ACS3-HMAC-SHA256; the published example of it is among our tests.
"""

import hashlib
import hmac
import http.client
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from shop.notices.providers import Outgoing, UnableToDeliver
from shop.notices.texts import approved_as

ALGORITHM = "ACS3-HMAC-SHA256"
LONGEST_ANSWER = 64 * 1024
# About this number or these words: sending the same again gives the same answer.
# Everything else (limits, money, keys, their faults) may be different later.
FINAL = {
    "isv.BLACK_KEY_CONTROL_LIMIT",
    "isv.INVALID_JSON_PARAM",
    "isv.INVALID_PARAMETERS",
    "isv.MOBILE_COUNT_OVER_LIMIT",
    "isv.MOBILE_NUMBER_ILLEGAL",
    "isv.PARAM_LENGTH_LIMIT",
    "isv.PARAM_NOT_SUPPORT_URL",
    "isv.TEMPLATE_MISSING_PARAMETERS",
    "isv.TEMPLATE_PARAMS_ILLEGAL",
}


def canonical_query(params: Mapping[str, str]) -> str:
    """Parameters sorted and escaped as RFC 3986 has it."""
    return "&".join(
        f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(params.items())
    )


def authorization(
    *, key_id: str, secret: str, query: str, headers: Mapping[str, str]
) -> str:
    """The Authorization header of a POST to / with an empty body.

    `headers` are those to sign, names in lower case, host and x-acs-* among them.
    """
    names = sorted(headers)
    signed = ";".join(names)
    request = "\n".join(
        [
            "POST",
            "/",
            query,
            "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            signed,
            headers["x-acs-content-sha256"],
        ]
    )
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return (
        f"{ALGORITHM} Credential={key_id},SignedHeaders={signed},Signature={signature}"
    )


class AliyunProvider:
    """Sends through the account, signature and templates the settings name."""

    name = "aliyun"

    def send(self, message: Outgoing) -> str:
        name = approved_as(message.template, message.language)
        template = settings.ALIYUN_SMS_TEMPLATES.get(name)
        if template is None:
            raise UnableToDeliver(f"no template code for {name}")
        answer = self._post(
            {
                "OutId": message.reference,
                "PhoneNumbers": message.phone,
                "SignName": settings.ALIYUN_SMS_SIGN_NAME,
                "TemplateCode": template,
                "TemplateParam": json.dumps(_blanks(message.words), ensure_ascii=False),
            }
        )
        if answer.get("Code") != "OK":
            code = str(answer.get("Code", "no code"))[:60]
            raise UnableToDeliver(code, final=code in FINAL)
        return str(answer.get("BizId", ""))[:80]

    def _post(self, params: Mapping[str, str]) -> dict[str, Any]:
        address = urlsplit(settings.ALIYUN_SMS_ENDPOINT)
        query = canonical_query(params)
        headers = {
            "host": address.netloc,
            "x-acs-action": "SendSms",
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-acs-date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": "2017-05-25",
        }
        headers["Authorization"] = authorization(
            key_id=settings.ALIYUN_SMS_KEY_ID,
            secret=settings.ALIYUN_SMS_KEY_SECRET,
            query=query,
            headers=headers,
        )
        encrypted = address.scheme == "https"
        connect = (
            http.client.HTTPSConnection if encrypted else http.client.HTTPConnection
        )
        connection = connect(
            address.netloc, timeout=settings.ALIYUN_SMS_TIMEOUT_SECONDS
        )
        try:
            connection.request(
                "POST", f"/?{query}", headers={**headers, "accept": "application/json"}
            )
            body = connection.getresponse().read(LONGEST_ANSWER)
            answer = json.loads(body)
        except (OSError, http.client.HTTPException) as error:
            raise UnableToDeliver(type(error).__name__) from error
        except ValueError as error:
            raise UnableToDeliver("answer is not JSON") from error
        finally:
            connection.close()
        if not isinstance(answer, dict):
            raise UnableToDeliver("answer is not an object")
        return answer


def _blanks(words: Mapping[str, str]) -> dict[str, str]:
    # A link in a blank is refused (isv.PARAM_NOT_SUPPORT_URL): our address stands in
    # the approved wording, and the blank holds what comes after it.
    ours = f"{settings.BASE_URL}/"
    return {name: word.removeprefix(ours) for name, word in words.items()}


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")
