"""Removes credentials from the texts of servers, which some repeat in their errors and replies.

The keys of the environment are removed in every form in which a request carries them, and what has the form of a
credential is removed whether or not it is known.
"""

import base64
import html
import json
import os
import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from urllib.parse import quote, quote_plus

_REMOVED = "[key]"
_SHORTEST_SECRET = 6
# A text that begins like a known secret, with at least this many of its characters, is a part of it.
_TELLING = 10
_NAMED = re.compile("KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTHORIZATION", re.IGNORECASE)

_HEADER = (
    r"(?:proxy-)?authorization|[\w-]*api[-_]?key|[\w-]*subscription-key|[\w-]*(?:auth|access|security|session|csrf)[-_]token|"
    r"x-amz-[\w-]+|[\w-]*secret|password"
)
_CREDENTIALS = [
    # A header and its value, as in "Authorization: Bearer …", {'x-api-key': '…'} and ("api-key", "…").
    (re.compile(rf"(?i)\b({_HEADER}|(?:set-)?cookie)([\"']?\s*[:=,]\s*b?)([\"'])(.*?)\3"), rf"\1\2\3{_REMOVED}\3"),
    (
        re.compile(rf"(?i)\b({_HEADER})([\"']?\s*[:=]\s*)(?!b?[\"'\[])(?:[a-z][\w-]*\s+)?[^\s\"',;<>)}}]+"),
        rf"\1\2{_REMOVED}",
    ),
    (re.compile(r"(?i)\b((?:set-)?cookie\s*[:=]\s*)(?![\"'\[])[^\n\"']+"), rf"\1{_REMOVED}"),
    # A scheme and a credential that does not look like a word.
    (
        re.compile(r"(?i)\b(bearer|basic|digest|token|apikey|negotiate)(\s+)(?=[^\s\"']*[\d._+/=-])[\w.~+/=-]{8,}"),
        rf"\1\2{_REMOVED}",
    ),
    # Keys of well-known forms, JSON Web Tokens, and credentials in an address.
    (re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|ghp|gho|pplx|r8|fw|nvapi|glpat|xoxb)[-_][A-Za-z0-9_*-]{8,}"), _REMOVED),
    (re.compile(r"\bAIza[\w-]{20,}|\bAKIA[A-Z0-9]{12,}|\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?"), _REMOVED),
    (re.compile(r"(?i)(://)[^/\s@\"']+@"), rf"\1{_REMOVED}@"),
    (re.compile(r"(?i)([?&](?:api[-_]?key|key|token|access_token|sig|signature)=)[^&\s\"']+"), rf"\1{_REMOVED}"),
]


def without_credentials(text: str, key: str = "") -> str:
    """Return the text of an error without credentials: known keys, and whatever has the form of a credential.

    Args:
        text: The text.
        key: A key that is not in the environment; "" if there is none.
    """
    return without_forms(without_keys(text, key))


def without_keys(text: str, key: str = "") -> str:
    """Return a text with all known keys replaced by "[key]": the given one, and those in the environment."""
    return remover_of_keys(key)(text)


def without_forms(text: str) -> str:
    """Return a text without whatever has the form of a credential."""
    for pattern, instead in _CREDENTIALS:
        text = pattern.sub(instead, text)
    return text


def remover_of_keys(key: str = "") -> Callable[[str], str]:
    """Return a function like `without_keys` for many texts, which reads the environment once."""
    named = [value for name, value in os.environ.items() if _NAMED.search(name)]
    secrets = tuple(sorted({secret for secret in (key, *named) if len(secret) >= _SHORTEST_SECRET}))
    return partial(_known(secrets).sub, _REMOVED) if secrets else str


@lru_cache(maxsize=8)
def _known(secrets: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of every form of some secrets, the longest forms first."""
    forms = {form for secret in secrets for form in _forms(secret)}
    texts = [re.escape(form) for form in sorted(forms, key=len, reverse=True)]
    parts = [re.escape(secret[:_TELLING]) + r"[\w.~+/=*-]*" for secret in secrets if len(secret) > _TELLING]
    return re.compile("|".join([*texts, *parts]), re.IGNORECASE)


def _forms(secret: str) -> Iterable[str]:
    """Yield a secret as it may be written: plain, escaped for JSON, HTML and addresses, reversed quotes, Base64."""
    yield from (secret, json.dumps(secret)[1:-1], html.escape(secret), quote(secret, safe=""), quote_plus(secret))
    yield secret.encode().hex()
    for around in ("", ":", "user:", "api:", "Bearer "):
        for text in {around + secret, secret + around}:
            # The last characters depend on what follows, so they are left to the pattern of what remains.
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                yield encode(text.encode()).decode().rstrip("=")
