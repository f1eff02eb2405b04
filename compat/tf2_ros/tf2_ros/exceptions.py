"""What can go wrong with a transform."""


class TransformException(Exception):  # noqa: N818  (the real name)
    """Base of all errors of this package."""


class LookupException(TransformException):
    """A frame was never named by any transform, or the tree has a loop."""


class ConnectivityException(TransformException):
    """Both frames are known, but no chain of transforms joins them."""


class ExtrapolationException(TransformException):
    """The chain is known, but its data do not reach to the time asked for."""


class InvalidArgumentException(TransformException):
    """A frame name is empty or starts with a slash."""


class TimeoutException(TransformException):
    """A wait ended without a result."""
