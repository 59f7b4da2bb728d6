"""``Content-Digest`` (RFC 9530): ``sha-256=:BASE64:``."""

import base64
import binascii
import re

from tuner_service.errors import Invalid, Problem

_SHA256 = re.compile(r"sha-256=(?::([A-Za-z0-9+/=]+):|([0-9a-fA-F]{64}))\s*(?:,|$)")


def rendered(sha256: str) -> str:
    """The header for a hexadecimal sha-256."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def parsed(header: str) -> str:
    """The hexadecimal sha-256 of a header; bare hexadecimal is understood too. Raises Invalid."""
    found = _SHA256.search(header)
    try:
        if found is None:
            raise ValueError(header)
        if found[2]:
            return found[2].lower()
        raw = base64.b64decode(found[1], validate=True)
        if len(raw) != 32:
            raise ValueError(header)
    except (ValueError, binascii.Error) as error:
        msg = f'"{header}" is not understood; send sha-256=:BASE64: of the body'
        raise Invalid([Problem(("header", "Content-Digest"), msg)]) from error
    return raw.hex()
