"""Builders of everything that stands, lies or drives on the synthetic apron."""
