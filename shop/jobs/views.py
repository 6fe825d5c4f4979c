"""The operator's list of jobs that broke."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from partners.paging import newest_first
from shop.jobs import operations
from shop.jobs.models import BrokenJob
from shop.jobs.operations import UnableToRunAgain


@never_cache
@login_required
@permission_required("jobs.view_brokenjob", raise_exception=True)
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """What broke and has not ended well since, newest first."""
    shown, urls = newest_first(request, BrokenJob.objects.all())
    return render(
        request,
        "shop/jobs/jobs.html",
        {"jobs": shown, "may_run": request.user.has_perm("jobs.run_again"), **urls},
    )


@login_required
@permission_required("jobs.run_again", raise_exception=True)
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Start one again."""
    job = get_object_or_404(BrokenJob, pk=pk)
    try:
        operations.run_again(job=job, by=request.user, at=timezone.now())
    except UnableToRunAgain as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, _("It was started again. It leaves this list when it ends well.")
        )
    return redirect("jobs:jobs")
