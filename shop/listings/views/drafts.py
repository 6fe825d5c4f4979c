"""One listing on its way to the farmer: correct, add photos, send, type the code."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from partners.files import UnableToStore
from partners.form_acts import carried_out
from partners.keys import key_in
from shop.listings import operations, queries, questions
from shop.listings.forms import CodeForm, DraftForm, PhotoForm
from shop.listings.models import Listing
from shop.listings.views.common import assistant_of, for_assistants, own_listing
from shop.listings.views.sale import sale_page

MOST_CLEARED = 100
# What the button sends where the page said that there is such an offer already.
SECOND = "second"


@require_http_methods(["GET", "POST"])
@for_assistants
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """The listing as it stands: to correct, to wait for, to look after."""
    listing = own_listing(request, pk)
    if request.method == "POST":
        return _correct(request, listing)
    editing = listing.status == Listing.Status.DRAFT or "edit" in request.GET
    if editing and listing.status in (Listing.Status.DRAFT, Listing.Status.SENT):
        form = DraftForm(assistant=assistant_of(request), listing=listing)
        return draft_page(request, listing, form)
    if listing.status == Listing.Status.SENT:
        return waiting_page(request, listing, CodeForm())
    return sale_page(request, listing)


def _correct(request: HttpRequest, listing: Listing) -> HttpResponse:
    assistant = assistant_of(request)
    form = DraftForm(request.POST, request.FILES, assistant=assistant, listing=listing)
    if not form.is_valid():
        return draft_page(request, listing, form, status=422)
    changed = carried_out(
        form,
        lambda _data: operations.correct_draft(
            listing=listing, by=assistant, at=timezone.now(), **form.changes()
        ),
        operations.UnableToCorrect,
    )
    if changed is None:  # What was typed stays in the form.
        return draft_page(request, listing, form, status=422)
    listing = changed
    if not _keep_photos(request, listing, form):
        return draft_page(request, listing, form, status=422)
    if "send" in request.POST:
        if queries.alike(listing) and request.POST["send"] != SECOND:
            messages.warning(
                request, _("Not sent yet: see first what is offered already.")
            )
            return redirect("listings:draft", pk=listing.pk)
        return _send(request, listing)
    messages.success(request, _("Saved."))
    return redirect("listings:draft", pk=listing.pk)


def _keep_photos(
    request: HttpRequest, listing: Listing, form: DraftForm | PhotoForm
) -> bool:
    """Take away what is ticked, add what was chosen; False with the error in place."""
    assistant, now = assistant_of(request), timezone.now()
    try:
        for sha256 in request.POST.getlist("remove"):
            operations.remove_photo(
                listing=listing, sha256=sha256, by=assistant, at=now
            )
        if file := form.cleaned_data["photo"]:
            operations.add_photo(listing=listing, file=file, by=assistant, at=now)
    except (operations.UnableToCorrect, UnableToStore) as error:
        form.add_error("photo", str(error))
        return False
    return True


@require_POST
@for_assistants
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the farmer, once more where it was asked before."""
    return _send(request, own_listing(request, pk))


def _send(request: HttpRequest, listing: Listing) -> HttpResponse:
    try:
        operations.send_to_farmer(
            listing=listing, by=assistant_of(request), at=timezone.now()
        )
    except operations.UnableToSend as error:
        messages.warning(request, str(error))
    return redirect("listings:draft", pk=listing.pk)


@require_POST
@for_assistants
def photos(request: HttpRequest, pk: int) -> HttpResponse:
    """The pictures of what is on sale."""
    listing = own_listing(request, pk)
    form = PhotoForm(request.POST, request.FILES)
    if form.is_valid() and _keep_photos(request, listing, form):
        messages.success(request, _("Saved."))
        return redirect("listings:draft", pk=pk)
    return sale_page(request, listing, photo_form=form, status=422)


@require_POST
@for_assistants
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw the draft away."""
    try:
        operations.drop_draft(
            listing=own_listing(request, pk),
            by=assistant_of(request),
            at=timezone.now(),
        )
    except operations.UnableToCorrect as error:
        messages.error(request, str(error))
        return redirect("listings:draft", pk=pk)
    messages.success(request, _("The draft is gone."))
    return redirect("listings:today")


@require_POST
@for_assistants
def clear(request: HttpRequest) -> HttpResponse:
    """Throw away the drafts that are ticked."""
    ticked = [key_in(text) for text in request.POST.getlist("draft")]
    listings = [own_listing(request, key or 0) for key in ticked[:MOST_CLEARED]]
    if not listings:
        messages.warning(request, _("Tick the drafts that shall go."))
        return redirect("listings:today")
    try:
        count = operations.clear_drafts(
            listings=listings, by=assistant_of(request), at=timezone.now()
        )
    except operations.UnableToCorrect as error:
        messages.error(request, str(error))
    else:
        gone = ngettext("%(count)d draft is gone.", "%(count)d drafts are gone.", count)
        messages.success(request, gone % {"count": count})
    return redirect("listings:today")


@require_POST
@for_assistants
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """What waits for the farmer becomes a draft again."""
    listing = own_listing(request, pk)
    try:
        operations.take_back(
            listing=listing, by=assistant_of(request), at=timezone.now()
        )
    except operations.UnableToCorrect as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It is a draft again; the farmer's link is void."))
    return redirect("listings:draft", pk=pk)


@require_POST
@for_assistants
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """What was denied or is over, as a new draft."""
    listing = own_listing(request, pk)
    try:
        draft = operations.draft_again(
            listing=listing, by=assistant_of(request), at=timezone.now()
        )
    except operations.UnableToCorrect as error:
        messages.error(request, str(error))
        return redirect("listings:draft", pk=pk)
    return redirect("listings:draft", pk=draft.pk)


@require_POST
@for_assistants
def code(request: HttpRequest, pk: int) -> HttpResponse:
    """The farmer has no browser and told the code: a yes on their behalf."""
    listing = own_listing(request, pk)
    form = CodeForm(request.POST)

    def agree(data: dict[str, Any]) -> Listing:
        return operations.confirm_listing(
            listing=listing, code=data["code"], at=timezone.now()
        )

    if carried_out(form, agree, operations.UnableToAnswer, field="code"):
        messages.success(request, _("The farmer agreed."))
        return redirect("listings:draft", pk=pk)
    if listing.status == Listing.Status.SENT:
        return waiting_page(request, listing, form, status=422)
    return sale_page(request, listing, code_form=form, status=422)


def draft_page(
    request: HttpRequest, listing: Listing, form: DraftForm, *, status: int = 200
) -> HttpResponse:
    """The form, with what was read and what is asked at each field."""
    return render(
        request,
        "shop/listings/draft.html",
        {
            "listing": listing,
            "form": form,
            "alike": queries.alike(listing),
            "said": marked(listing),
            "asked": {one["field"]: questions.words(one) for one in listing.unread},
        },
        status=status,
    )


def waiting_page(
    request: HttpRequest, listing: Listing, form: CodeForm, *, status: int = 200
) -> HttpResponse:
    """Sent: wait, type the code, send again or change it."""
    consent = listing.consents.filter(answer="").first()
    return render(
        request,
        "shop/listings/waiting.html",
        {
            "listing": listing,
            "form": form,
            "consent": consent,
            "expired": consent is not None and consent.expires_at <= timezone.now(),
        },
        status=status,
    )


def marked(listing: Listing) -> list[dict[str, Any]]:
    """The sentence in pieces; a piece with `field` is what that field was read from."""
    pieces: list[dict[str, Any]] = []
    position = 0
    for name, start, end in sorted(listing.spans, key=lambda span: span[1]):
        if start < position:
            continue
        if start > position:
            pieces.append({"text": listing.said[position:start], "field": ""})
        pieces.append({"text": listing.said[start:end], "field": name})
        position = end
    if position < len(listing.said):
        pieces.append({"text": listing.said[position:], "field": ""})
    return pieces
