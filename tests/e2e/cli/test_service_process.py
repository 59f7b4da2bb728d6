"""The service that the demo starts."""

from pathlib import Path

import httpx
import pytest

from tuner_service.cli.service_process import running_service


def test_its_login_link_opens_the_dashboard_while_it_runs(tmp_path: Path) -> None:
    with running_service(tmp_path / "home", slots=1) as service:
        assert service.login.startswith(f"{service.url}/login?code=")
        with httpx.Client(follow_redirects=True) as browser:
            assert browser.get(service.login).status_code == 200
            assert browser.get(f"{service.url}/").status_code == 200

    with pytest.raises(httpx.ConnectError):
        httpx.get(service.url)
