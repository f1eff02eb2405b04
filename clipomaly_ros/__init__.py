"""Find, name and localise what does not belong on an airport apron."""

__version__ = "0.1.0"
