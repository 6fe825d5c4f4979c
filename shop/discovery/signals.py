"""What search announces."""

from django.dispatch import Signal

# The engine could not answer, so the database did. No row is written.
search_fell_back = Signal()
