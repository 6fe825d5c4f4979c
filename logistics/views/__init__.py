"""The faces of logistics."""
