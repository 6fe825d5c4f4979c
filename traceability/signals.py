"""What traceability announces."""

from django.dispatch import Signal

# Sent when a scan or certificate page is shown, with lot=. Receivers return
# {"label": "再买一箱 ¥29.00", "url": "/p/…"} or None; "photo" or "picture" with "tint"
# says what the package looks like.
scan_links = Signal()

# Sent inside the transaction that recalls a lot, with lot=, reason=, at=.
lot_recalled = Signal()
