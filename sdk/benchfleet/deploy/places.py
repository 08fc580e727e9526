"""The parameter that tells the control plane where machines can be put."""

from benchfleet_contract.places import Places
from pydantic import ValidationError

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.parameters import Parameters


def parameter(stage: str) -> str:
    return f"/benchfleet-{stage}/places"


def read(aws: Aws, stage: str) -> Places | None:
    """What an earlier deploy wrote; None if none did, or what is there is of another form."""
    text = Parameters(aws, stage).get(parameter(stage))
    try:
        return Places.model_validate_json(text) if text else None
    except ValidationError:
        return None


def write(aws: Aws, places: Places) -> None:
    Parameters(aws, places.stage).put(parameter(places.stage), places.model_dump_json(), secret=False)
