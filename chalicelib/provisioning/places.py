"""Where machines can be put: the document that a deployment left, read and looked up."""

from benchfleet_contract.places import Place, Places
from pydantic import ValidationError

from chalicelib.domain.launches import LaunchFailed


def read_places(text: str) -> Places:
    """Raises LaunchFailed for what is no such document, or one without regions."""
    try:
        places = Places.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise LaunchFailed(
            "invalid", f"the parameter with the places is broken: {where}: {first['msg']}", _DEPLOY
        ) from error
    if not places.regions:
        raise LaunchFailed("invalid", "the parameter with the places names no region", _DEPLOY)
    return places


def place_in(places: Places, region: str) -> Place:
    """Raises LaunchFailed where this stage has no network, naming the regions that have one."""
    place = places.regions.get(region)
    if place is None:
        words = f"the stage {places.stage} has no place for machines in {region}, but in {', '.join(places.regions)}"
        raise LaunchFailed("invalid", words, f"deploy to {region} too, or name another region in `provision`")
    if not place.subnets:
        raise LaunchFailed("invalid", f"the stage {places.stage} has no subnet in {region}", _DEPLOY)
    return place


_DEPLOY = "run `benchfleet deploy` again: it writes the places anew"
