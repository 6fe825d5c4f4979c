"""Pages for supermarkets' managers, for households and for everybody."""
