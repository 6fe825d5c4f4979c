"""Pages of the buyer's path and of the packing table."""
