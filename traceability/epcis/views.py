"""The addresses of EPCIS 2.0: events in, events out, and what became of a document."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from traceability.epcis import (
    answers,
    naming,
    openapi,
    operations,
    own,
    queries,
    reading,
)
from traceability.epcis.answers import endpoint
from traceability.epcis.asking import Asked, asked
from traceability.epcis.models import CaptureJob, NamedQuery, Party
from traceability.epcis.queries import Reader

_MAY_READ = "epcis.view_everything"


def _reader(request: HttpRequest) -> Reader:
    """Who asks. Errors: queries.UnknownAccess, for a token that opens nothing."""
    said = request.headers.get("Authorization")
    if said is not None:
        kind, _space, secret = said.partition(" ")
        if kind.lower() != "bearer":
            raise answers.NotLetIn(_("Send the token as “Authorization: Bearer …”."))
        fingerprint = operations.fingerprint_of(secret=secret.strip())
        return Reader(party=queries.party_with(fingerprint=fingerprint))
    return Reader(is_staff=request.user.has_perm(_MAY_READ))


def _sender(request: HttpRequest) -> Party:
    """The party that sends; a login at the site lets nobody in here."""
    party = _reader(request).party
    if party is None:
        raise answers.NotLetIn(
            _("Only a program with a token of the county may send events.")
        )
    return party


def _capture(request: HttpRequest) -> HttpResponse:
    """Take a document in. Where all are wanted or none, one wrong event is 400."""
    party = _sender(request)
    behaviour = request.headers.get("GS1-Capture-Error-Behaviour", "rollback")
    if behaviour not in CaptureJob.Behaviour.values:
        raise reading.UnableToRead(
            _("GS1-Capture-Error-Behaviour is rollback or proceed.")
        )
    sent = reading.document(reading.parsed(answers.body_of(request)))
    job = operations.capture_document(
        party=party, sent=sent, behaviour=behaviour, at=timezone.now()
    )
    return HttpResponse(status=202, headers=answers.location("job", job.id.hex))


def _jobs(request: HttpRequest) -> HttpResponse:
    """What became of the documents that were sent, newest first."""
    query = asked(request.GET, only=("perPage", "nextPageToken"))
    page = queries.jobs_page(reader=_insider(request), query=query)
    response = JsonResponse(
        [answers.job_document(job) for job in page.jobs],
        safe=False,
        json_dumps_params={"ensure_ascii": False},
    )
    return answers.with_next(response, request, page.next_token)


def _job(request: HttpRequest, job_id: str) -> HttpResponse:
    """What became of one document."""
    job = queries.job_of(_insider(request), job_id)
    if job is None:
        raise Http404(_("There is no such capture job, or it is not yours."))
    return JsonResponse(
        answers.job_document(job), json_dumps_params={"ensure_ascii": False}
    )


def _insider(request: HttpRequest) -> Reader:
    reader = _reader(request)
    if reader.party is None and not reader.is_staff:
        raise answers.NotLetIn(_("This is for programs with a token of the county."))
    return reader


def _events(request: HttpRequest) -> HttpResponse:
    """The events that were asked for, one page."""
    query = asked(request.GET)
    page = queries.events_page(query=query, reader=_reader(request))
    response = answers.query_document(page.events, now=timezone.now())
    return answers.with_next(response, request, page.next_token)


def _new_event(request: HttpRequest) -> HttpResponse:
    """Take one event in."""
    party = _sender(request)
    sent = reading.single(reading.parsed(answers.body_of(request)))
    event = operations.capture_event(party=party, sent=sent, at=timezone.now())
    return JsonResponse(
        answers.single_event(event.document),
        status=201,
        headers=answers.location("event", event.event_id),
        json_dumps_params={"ensure_ascii": False},
    )


def _event(request: HttpRequest, event_id: str) -> HttpResponse:
    """One event by its eventID, with what takes it back."""
    query = Asked(event_ids=[event_id])
    page = queries.events_page(query=query, reader=_reader(request))
    if not page.events:
        raise Http404(_("There is no such event, or it is not for you."))
    return answers.query_document(page.events, now=timezone.now())


def _queries(request: HttpRequest) -> HttpResponse:
    """The party's named queries, one page."""
    party = _sender(request)
    query = asked(request.GET, only=("perPage", "nextPageToken"))
    page = queries.named_page(party=party, query=query)
    response = JsonResponse(
        [answers.query_definition(named) for named in page.queries],
        safe=False,
        json_dumps_params={"ensure_ascii": False},
    )
    return answers.with_next(response, request, page.next_token)


def _new_query(request: HttpRequest) -> HttpResponse:
    """Keep a query under a name."""
    party = _sender(request)
    sent = reading.parsed(answers.body_of(request))
    named = naming.name_query(party=party, sent=sent, at=timezone.now())
    return HttpResponse(status=201, headers=answers.location("query", named.name))


def _query(request: HttpRequest, name: str) -> HttpResponse:
    """A named query, as it was sent."""
    return JsonResponse(
        answers.query_definition(_named(request, name)),
        json_dumps_params={"ensure_ascii": False},
    )


def _delete_query(request: HttpRequest, name: str) -> HttpResponse:
    """Forget it."""
    naming.forget_query(query=_named(request, name))
    return HttpResponse(status=204)


def _query_events(request: HttpRequest, name: str) -> HttpResponse:
    """What a named query finds now, one page."""
    named = _named(request, name)
    query = naming.asked_by(named.definition, request.GET)
    page = queries.events_page(query=query, reader=Reader(party=named.party))
    response = answers.query_document(page.events, now=timezone.now())
    return answers.with_next(response, request, page.next_token)


def _no_subscriptions(request: HttpRequest, name: str) -> HttpResponse:
    """Nobody is called back: who wants news asks again from a recordTime on."""
    _named(request, name)
    return answers.problem(
        501,
        "ImplementationException",
        _("We call nobody back. Ask again with GE_recordTime."),
    )


def _named(request: HttpRequest, name: str) -> NamedQuery:
    found = queries.named_of(_sender(request), name)
    if found is None:
        raise Http404(_("You have no query of this name."))
    return found


def _resources(request: HttpRequest) -> HttpResponse:
    """What there is below this address."""
    found: dict[str, Any] = {
        "@context": reading.CONTEXT,
        "type": "Collection",
        "member": ["capture", "events", "queries"],
    }
    return JsonResponse(found)


def _openapi(request: HttpRequest) -> HttpResponse:
    """The interface, described for programs."""
    return JsonResponse(openapi.document())


@require_safe
def developers(request: HttpRequest) -> HttpResponse:
    """The interface, explained to people."""
    context = {
        "address": settings.BASE_URL,
        "most_events": reading.MOST_EVENTS,
        "most_megabytes": reading.MOST_BYTES // 1024**2,
        "vocabulary": own.vocabulary(),
    }
    return render(request, "traceability/developers.html", context)


description = endpoint(GET=_openapi)
resources = endpoint(GET=_resources)
capture = endpoint(GET=_jobs, POST=_capture)
job = endpoint(GET=_job)
events = endpoint(GET=_events, POST=_new_event)
event = endpoint(GET=_event)
named_queries = endpoint(GET=_queries, POST=_new_query)
named_query = endpoint(GET=_query, DELETE=_delete_query)
named_query_events = endpoint(GET=_query_events)
subscriptions = endpoint(GET=_no_subscriptions, POST=_no_subscriptions)
