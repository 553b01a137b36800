"""Board support."""
