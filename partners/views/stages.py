"""A flow as the five stages of its bar and of the table under it."""

from django.utils.translation import gettext as _

from partners.queries import Flow


def stages_of(flow: Flow, urls: list[str] | None = None) -> list[dict[str, object]]:
    """Label, fen, percent of the longest stage and address of each stage."""
    labels = [
        _("Promised"),
        _("Accrued"),
        _("Paid in"),
        _("Handed out"),
        _("Confirmed"),
    ]
    whole = max(*flow.stages, 1)
    return [
        {
            "label": label,
            "fen": fen,
            "percent": round(100 * fen / whole, 2),
            "url": url,
        }
        for label, fen, url in zip(labels, flow.stages, urls or [""] * 5, strict=True)
    ]
