"""Where carriers tell us what happened."""

import logging

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from logistics import operations
from logistics.carriers import registry
from logistics.carriers.base import PushRefused

log = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def push(request: HttpRequest, carrier: str) -> JsonResponse:
    """Take a signed push; anything but 200 makes the carrier send it again."""
    try:
        interface = registry.interface(carrier)
    except registry.UnknownCarrier:
        return _answer(404, "no such interface")
    try:
        told = interface.read_push(request.POST.dict())
    except PushRefused as error:
        log.warning("A push to %s was refused: %s", carrier, error)
        return _answer(403, "refused")
    try:
        operations.record_tracking(
            carrier=told.carrier,
            waybill=told.waybill,
            events=told.events,
            at=timezone.now(),
        )
    except operations.UnknownWaybill:
        # It may be faster than our own booking: let it come back later.
        return _answer(404, "no such waybill")
    return _answer(200, "成功")


def _answer(code: int, message: str) -> JsonResponse:
    return JsonResponse(
        {"result": code == 200, "returnCode": str(code), "message": message},
        status=code,
    )
