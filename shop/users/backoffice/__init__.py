"""The operator's pages about people: who holds which role, and who said so."""
