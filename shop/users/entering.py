"""The session of somebody on the way in: past the first step, not yet the second."""

from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from shop.users import authenticators
from shop.users.models import LoginTicket, User

# The session's note of who is on the way in, and of how they came in.
TICKET, NEXT, PROVEN = "login_ticket", "login_next", "proven_by_code"
HALFWAY = "login_halfway"
# How long the second step may take.
HALFWAY_SECONDS = 15 * 60


def first_step_done(request: HttpRequest, user: User, way: str) -> HttpResponse:
    """Let the user in, or ask them for the second step first."""
    request.session.pop(TICKET, None)
    step = authenticators.step_for(user)
    now = int(timezone.now().timestamp())
    if not step:
        return let_in(request, user, way)
    # A new key, so that one planted before is worth nothing.
    request.session.cycle_key()
    request.session[HALFWAY] = [user.pk, way, now, user.get_session_auth_hash()]
    return redirect(f"users:{step}")


def who(request: HttpRequest) -> User | None:
    """Who has taken the first step in this session, not long ago."""
    user_pk, _way, since, sealed = request.session.get(HALFWAY) or (0, "", 0, "")
    if timezone.now().timestamp() - since > HALFWAY_SECONDS:
        return None
    user = User.objects.filter(pk=user_pk, is_active=True).first()
    if user is None or user.get_session_auth_hash() != sealed:
        return None
    return user


def let_in(request: HttpRequest, user: User, way: str = "") -> HttpResponse:
    """Log the user in, and send them where they were going."""
    halfway = request.session.pop(HALFWAY, None)
    way = way or (halfway[1] if halfway else "")
    target = request.session.pop(NEXT, "/me/")
    # Gives the session a new key, so that a key planted before is worth nothing.
    auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    if way == LoginTicket.Way.CODE:
        request.session[PROVEN] = int(timezone.now().timestamp())
    return redirect(safe_next(request, target))


def safe_next(request: HttpRequest, target: str) -> str:
    """The address to go on to: one of ours, or the page "mine"."""
    if url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return target
    return "/me/"
