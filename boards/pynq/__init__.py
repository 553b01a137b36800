"""What a user copies to a PYNQ board."""
