"""Reads `notify` of a schedule: SNS topics and webhooks, and what each is told of."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from benchfleet_contract.addresses import address_problem
from benchfleet_contract.schedules import EVENTS, Event, Notify

MOST = 10
Refuse = Callable[[str, Any, str, str], None]  # field, value, words, remedy
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]{1,32}:[0-9]{12}:benchfleet-[A-Za-z0-9_-]{1,240}")
_PARAMETER = re.compile(r"/[A-Za-z0-9_.-]{1,100}(/[A-Za-z0-9_.-]{1,100}){1,10}")
_MAX_URL_CHARS = 1_024


def read_notify(value: Any, refuse: Refuse, *, stack: str | None) -> list[Notify]:
    """What can be used; the rest is told to `refuse`."""
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST:
        refuse("notify", value, "Notify must be a list", f"at most {MOST} objects with sns or webhook")
        return []
    read = [_target(each, f"notify[{number}]", refuse, stack) for number, each in enumerate(value)]
    return [target for target in read if target]


def _target(value: Any, where: str, refuse: Refuse, stack: str | None) -> Notify | None:
    if not isinstance(value, dict) or set(value) - {"on", "sns", "webhook", "secret"}:
        refuse(where, value, "A notification is an object", 'such as {"on": ["failure"], "webhook": "https://…"}')
        return None
    on = _events(value.get("on", list(EVENTS)), where, refuse)
    sns, webhook, secret = (value.get(name) for name in ("sns", "webhook", "secret"))
    if (sns is None) == (webhook is None):
        refuse(
            where, value, "A notification goes to exactly one of sns and webhook", "one of them; two need two entries"
        )
        return None
    if sns is not None:
        return _topic(sns, secret, on, where, refuse, stack)
    return _webhook(webhook, secret, on, where, refuse, stack)


def _events(value: Any, where: str, refuse: Refuse) -> list[Event]:
    if not isinstance(value, list) or not value or not all(each in EVENTS for each in value):
        refuse(f"{where}.on", value, "The events are invalid", f"a list of some of {', '.join(EVENTS)}")
        return []
    return [event for event in EVENTS if event in value]


def _topic(arn: Any, secret: Any, on: list[Event], where: str, refuse: Refuse, stack: str | None) -> Notify | None:
    begins = stack or "benchfleet-"
    if not isinstance(arn, str) or not _TOPIC.fullmatch(arn) or not arn.split(":")[5].startswith(begins):
        remedy = f"the ARN of a standard topic whose name begins with {begins}: the function may publish to no other"
        refuse(f"{where}.sns", arn, "The topic is invalid", remedy)
        return None
    if secret is not None:
        refuse(f"{where}.secret", secret, "A topic has no secret", "leave it out: SNS signs what it sends")
    return Notify(on=on, sns=arn)


def _webhook(url: Any, secret: Any, on: list[Event], where: str, refuse: Refuse, stack: str | None) -> Notify | None:
    if words := _url_problem(url):
        refuse(f"{where}.webhook", "" if isinstance(url, str) else url, f"The webhook {words}", "an https:// address")
        return None
    if secret is None:
        return Notify(on=on, webhook=url)
    below = f"/{stack}/webhooks/" if stack else "/benchfleet-"
    if not isinstance(secret, str) or not _PARAMETER.fullmatch(secret) or not secret.startswith(below):
        remedy = f"the name of a SecureString parameter that begins with {below}, or leave it out"
        refuse(f"{where}.secret", secret, "The secret is no parameter that may be read", remedy)
        return None
    return Notify(on=on, webhook=url, secret=secret)


def _url_problem(url: Any) -> str | None:
    """As the end of a sentence; without the URL, which may hold a token."""
    if not isinstance(url, str) or len(url) > _MAX_URL_CHARS:
        return f"is no address of at most {_MAX_URL_CHARS} characters"
    if problem := address_problem(url):
        return problem
    parts = urlsplit(url)
    if parts.scheme != "https":
        return "is not https: what it is told could be read and changed on its way"
    return "holds a user name or password: sign in by the signature" if "@" in parts.netloc else None
