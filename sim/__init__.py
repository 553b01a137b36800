"""Cycle-accurate simulation engines and the bit-exact comparison."""
