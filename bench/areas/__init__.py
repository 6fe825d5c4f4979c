"""Every module here has `figures(bench)`: what it measures, and what it cannot beat."""
