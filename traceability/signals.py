"""What traceability announces."""

from django.dispatch import Signal

# Sent when a scan or certificate page is shown, with lot=. Receivers return
# {"label": "再买一箱 ¥29.00", "url": "/p/…"} or None; "photo" or "picture" with "tint"
# says what the package looks like.
scan_links = Signal()

# Sent once inside the transaction that recalls a lot, with lot=, lots= (a list: it and
# every lot it went into that was not recalled before), reason=, by=, at=.
lot_recalled = Signal()

# Sent inside the transaction that revokes a certificate, with certificate=, reason=,
# at=.
certificate_revoked = Signal()

# Asked, not announced, by `effects`: with lots= (a list) and done=, each receiver
# returns a list of `Effect`: what else recalling these lots will do, or has done.
recall_effects = Signal()

# The same for a certificate=.
revocation_effects = Signal()

# Sent inside the transaction that writes down a print too long to wait for, with
# printed=, a LabelPrint.
labels_printed = Signal()

# Sent with state= when somebody who looks at a code is told what it is: for a genuine
# one when a browser says so (`seen`), for any other when its page is shown.
scan_judged = Signal()
