"""What can be refused of fleet runs alone.

InvalidFleet        400   the problems of a fleet, all of them
KeyTaken            409   the idempotency key belongs to another body
ResultsNotReady     409   the run has not ended
ShardNotFound       404
ArtifactNotFound    404
TestNotFound        404
"""

from chalicelib.domain.errors import BadRequest, Conflict, NotFound


class InvalidFleet(BadRequest):
    code = "invalid_fleet"


class KeyTaken(Conflict):
    code = "idempotency_key_taken"


class ResultsNotReady(Conflict):
    code = "results_not_ready"


class ShardNotFound(NotFound):
    code = "shard_not_found"


class ArtifactNotFound(NotFound):
    code = "artifact_not_found"


class TestNotFound(NotFound):
    __test__ = False
    code = "test_not_found"
