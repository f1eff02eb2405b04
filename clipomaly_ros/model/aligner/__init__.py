"""Aligns a frozen model to known classes: learned prompt contexts and a projection of patches."""
