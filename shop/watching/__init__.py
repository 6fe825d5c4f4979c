"""Whether the shop is well: logs, probes and figures, with nobody's data in them."""
