"""One market day, driven over HTTP as each person would: `make market-day`."""
