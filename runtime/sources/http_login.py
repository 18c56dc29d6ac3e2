"""User and password for HTTP: Basic (RFC 7617) and Digest (RFC 7616), MD5 and SHA-256 among its algorithms."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Sequence

# By strength: the first that a server offers is answered.
ALGORITHMS = {"SHA-512-256": "sha512_256", "SHA-256": "sha256", "SHA": "sha1", "MD5": "md5"}
PARAMETER = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')


def basic(user: str, password: str) -> str:
    """Write the header of Basic authentication.

    Args:
        user: The user's name.
        password: The password.

    Returns:
        The value of Authorization.

    Example:
        >>> basic("me", "secret")
        'Basic bWU6c2VjcmV0'
    """
    return "Basic " + base64.b64encode(f"{user}:{password}".encode("utf-8", "surrogateescape")).decode("ascii")


def digest(challenges: Sequence[str], user: str, password: str, target: str, nonce: str | None = None) -> str | None:
    """Answer the strongest Digest challenge of a server, for a GET.

    Args:
        challenges: The values of the WWW-Authenticate headers.
        user: The user's name.
        password: The password.
        target: Path and query of the request.
        nonce: The client's own nonce; a random one where None.

    Returns:
        The value of Authorization; None where no challenge is a Digest that can be answered.

    Example:
        >>> digest(['Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"'], "u", "p", "/", "c")[:33]
        'Digest username="u", realm="r", n'
    """
    offers = [offer for challenge in challenges for offer in _offers(challenge)]
    for name, function in ALGORITHMS.items():
        for said in offers:
            algorithm = said.get("algorithm", "MD5")
            if algorithm.upper() in (name, f"{name}-SESS") and "nonce" in said and _can(said, function):
                return _answer(said, function, (user, password), target, nonce or os.urandom(8).hex())
    return None


def _offers(challenge: str) -> list[dict[str, str]]:
    """The parameters of each Digest challenge of a header, which may have several challenges."""
    parts = re.split(r"(?:^|,)\s*(?=(?:Basic|Digest|Bearer|NTLM|Negotiate)\b)", challenge, flags=re.IGNORECASE)
    digests = [part for part in parts if part.strip().lower().startswith("digest")]
    return [
        {key.lower(): re.sub(r"\\(.)", r"\1", quoted) or bare for key, quoted, bare in PARAMETER.findall(part)}
        for part in digests
    ]


def _can(said: dict[str, str], function: str) -> bool:
    """Whether this Python has the hash, and the server asks for no more than to prove the password."""
    import hashlib  # here: only Digest needs it

    qop = [word.strip() for word in said.get("qop", "auth").lower().split(",")]
    return "auth" in qop and function in hashlib.algorithms_available


def _answer(said: dict[str, str], function: str, login: tuple[str, str], target: str, own_nonce: str) -> str:
    import hashlib

    def hashed(*parts: str) -> str:
        return hashlib.new(
            function, ":".join(parts).encode("utf-8", "surrogateescape"), usedforsecurity=False
        ).hexdigest()

    user, password = login
    realm, nonce = said.get("realm", ""), said["nonce"]
    secret = hashed(user, realm, password)
    if said.get("algorithm", "").upper().endswith("-SESS"):
        secret = hashed(secret, nonce, own_nonce)
    values = {"username": user, "realm": realm, "nonce": nonce, "uri": target}
    bare = {"algorithm": said["algorithm"]} if "algorithm" in said else {}
    if "qop" in said:
        bare |= {"qop": "auth", "nc": "00000001"}
        values["cnonce"] = own_nonce
        middle = [nonce, "00000001", own_nonce, "auth"]
    else:
        middle = [nonce]
    values["response"] = hashed(secret, *middle, hashed("GET", target))
    if "opaque" in said:
        values["opaque"] = said["opaque"]
    quoted = [f'{key}="{_escaped(value)}"' for key, value in values.items()]
    return "Digest " + ", ".join(quoted + [f"{key}={value}" for key, value in bare.items()])


def _escaped(value: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", re.sub(r"[\r\n]", "", value))
