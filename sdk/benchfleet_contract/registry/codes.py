"""Numbers of errors: they stand beside `error` and the word in `code`, as `number`."""

from enum import IntEnum


class RegistryCode(IntEnum):
    """1000 who asks, 2000 what is kept, 3000 what was sent, 5000 ourselves."""

    INVALID_SIGNATURE = 1001
    UNAUTHORIZED = 1002
    EXPIRED_MESSAGE = 1003
    REPLAY_DETECTED = 1004
    REGISTRY_FULL = 2001
    EXECUTOR_NOT_FOUND = 2002
    MODEL_NOT_FOUND = 2003
    DUPLICATE_REGISTRATION = 2004
    MODEL_LIMIT_EXCEEDED = 2005
    FENCED = 2006
    INVALID_PROTOCOL_VERSION = 3001
    MALFORMED_MESSAGE = 3002
    UNSUPPORTED_QUERY_TYPE = 3003
    INTERNAL_ERROR = 5000
    STORAGE_ERROR = 5001
