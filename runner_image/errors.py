"""What ends a task without a result."""


class TaskError(Exception):
    """The task cannot give a result, and nothing can be said of what was to be measured.

    `error_type` and `failure_class` are the contract's words.
    """

    def __init__(self, message: str, *, error_type: str, failure_class: str = "infrastructure") -> None:
        super().__init__(message)
        self.error_type = error_type
        self.failure_class = failure_class
