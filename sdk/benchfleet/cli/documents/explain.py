"""`benchfleet runs explain --json`."""

from benchfleet.explaining.document import Explanation


class Explained(Explanation):
    """The explanation as it is."""
