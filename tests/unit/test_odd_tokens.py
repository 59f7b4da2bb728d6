"""Tokens that are none: told so, never a traceback, and never repeated."""

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.contract.asgi import serve
from tuner_service.client.errors import NotConfigured
from tuner_service.client.location import locate
from tuner_service.service.setup import open_service
from tuner_service.settings import Settings


@pytest.mark.parametrize("token", ["tökén", "tuner_€", "a\nb", "a\x00b"])
def test_a_token_that_no_header_can_hold_is_told(token: str) -> None:
    with pytest.raises(NotConfigured, match=r"the token .* is none") as raised:
        locate("http://127.0.0.1:1", token)
    assert token not in str(raised.value)


@pytest.mark.parametrize("token", [b"t\xc3\xb6k\xc3\xa9n", b"\xff\xfe", b"\xed\xb2\x80", b"a b"])
@pytest.mark.parametrize("header", ["Authorization", "Cookie"])
def test_a_token_of_any_bytes_is_401(tmp_path: Path, header: str, token: bytes) -> None:
    before = b"Bearer " if header == "Authorization" else b"tuner_session="
    with open_service(Settings(home=tmp_path)) as service, serve(service) as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        connection.request("GET", "/v1/studies", headers={header: before + token})
        assert connection.getresponse().status == 401
        connection.close()
