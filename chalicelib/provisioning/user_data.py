"""The user-data of an EC2 instance: the script of every machine, with what only AWS has: a role, ECR, a log group. Pure."""

import re
import shlex

from benchfleet_contract.machines.script import Machine, packed, script
from benchfleet_contract.places import Place, Places

from chalicelib.domain.launches import LaunchFailed, Order

_ECR = re.compile(r"(?P<registry>\d{12}\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?)/")
_PARAMETER = re.compile(r"arn:[a-z-]+:ssm:(?P<region>[a-z0-9-]+):\d{12}:parameter(?P<name>/.+)")


def user_data(order: Order, place: Place, places: Places) -> bytes:
    """The same for the same order, to the byte. Holds no secret. Raises LaunchFailed if it is too large."""
    try:
        return packed(script(_machine(order, place, places)))
    except ValueError as error:
        raise LaunchFailed("invalid", f"{order.name}: {error}", "shorten the names and the image of the run") from error


def _machine(order: Order, place: Place, places: Places) -> Machine:
    image = order.image or place.image
    return Machine(
        api_url=places.api_url,
        run_id=order.run_id,
        provider=order.provider,
        instance_type=order.instance_type,
        image=image,
        slots=order.slots,
        launch=order.name,
        name=order.name,
        spot=order.market == "spot",
        expires_s=order.expires_ms // 1000,
        key_command=_key_command(place.runner_key_parameter, order.region),
        login_command=_login_command(image),
        log_group=place.log_group,
        log_region=order.region if place.log_group else "",
    )


def _key_command(parameter: str, region: str) -> str:
    """An ARN says in which region the parameter is: machines elsewhere read it there. A name is one of their own region."""
    if found := _PARAMETER.fullmatch(parameter):
        region, parameter = found["region"], found["name"]
    words = f"--name {shlex.quote(parameter)} --with-decryption --query Parameter.Value --output text"
    return f"aws ssm get-parameter --region {shlex.quote(region)} {words}"


def _login_command(image: str) -> str:
    """Only ECR needs one here: the role of the instance logs in."""
    found = _ECR.match(image)
    if found is None:
        return ""
    password = shlex.join(["aws", "ecr", "get-login-password", "--region", found["region"]])
    return f"{password} | {shlex.join(['docker', 'login', '--username', 'AWS', '--password-stdin', found['registry']])}"
