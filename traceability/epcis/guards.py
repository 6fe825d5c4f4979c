"""What the database refuses whoever asks: what was told to us is never rewritten.

To change one, copy what stands here into migration 0002 first, as history's words.
"""

from partners.guards import Trigger, append_only

TRIGGERS: tuple[Trigger, ...] = (
    *append_only("epcis_capturedevent"),
    *append_only("epcis_eventkey"),
    *append_only("epcis_capturejob"),
)
