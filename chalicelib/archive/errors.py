"""What can go wrong between us and the object store.

ArchiveError
├── ObjectMissing      the key names no object
└── StorageError       the store refused, or could not be reached: try the whole step again later
    ├── ObjectChanged  the object was replaced while it was being read
    └── UploadGone     the multipart upload was aborted or completed by somebody else

`CorruptObject` stands beside them: it condemns one uploaded object, never the storage, and never leaves this room.
"""


class ArchiveError(Exception):
    """The archive could not be read or written."""


class ObjectMissing(ArchiveError):
    """The key names no object."""


class StorageError(ArchiveError):
    """The object store refused or could not be reached; the same call may succeed later."""


class ObjectChanged(StorageError):
    """The object was replaced while it was being read."""


class UploadGone(StorageError):
    """The multipart upload was aborted or completed by somebody else."""


class CorruptObject(Exception):
    """An uploaded object is not a whole, sane tar.gz. The message is the reason that people will read."""
