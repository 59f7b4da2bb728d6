"""Settings from the environment (``TUNER_…``); a command's flags go before them."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class BadSettings(ValueError):
    """A setting has a wrong value; the message names the variable, what it got and what is allowed."""


class Settings(BaseSettings):
    """What the server needs to know. Everything that it keeps lies under ``home`` unless told otherwise."""

    model_config = SettingsConfigDict(env_prefix="TUNER_", frozen=True, extra="forbid")

    home: Path = Path(platformdirs.user_data_dir("tuner"))
    database_url: str | None = None
    artifacts_url: str | None = None
    lease_seconds: Annotated[float, Field(ge=1, le=86_400)] = 60.0
    checkpoint_seconds: Annotated[float, Field(gt=0)] = 60.0
    max_upload_bytes: Annotated[int, Field(ge=1)] = 4 * 1024**3

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str | None) -> str | None:
        # The message must not repeat the URL: it may hold a password.
        if url is not None and not url.startswith(
            ("sqlite:///", "postgresql://", "postgresql+psycopg://")
        ):
            raise ValueError(
                "allowed are sqlite:///FILE and postgresql://USER:PASSWORD@HOST/DATABASE"
            )
        return url

    @classmethod
    def read(cls, **flags: Any) -> Self:
        """The settings, flags that are None left to the environment. Raises BadSettings."""
        try:
            return cls(**{name: value for name, value in flags.items() if value is not None})
        except ValidationError as error:
            lines = []
            for item in error.errors(include_url=False):
                name = str(item["loc"][0]) if item["loc"] else "settings"
                got = "" if name == "database_url" else f" (got {item['input']!r})"
                message = item["msg"].removeprefix("Value error, ")
                lines.append(f"TUNER_{name.upper()}: {message}{got}")
            raise BadSettings("; ".join(lines)) from None

    @cached_property
    def database(self) -> str:
        """The SQLAlchemy URL, with the driver that this service uses."""
        if self.database_url is None:
            return f"sqlite:///{(self.home / 'tuner.sqlite3').absolute()}"
        return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)

    @cached_property
    def artifacts(self) -> str:
        """Where artifacts lie: a folder, or any URL that fsspec opens."""
        return self.artifacts_url or str((self.home / "artifacts").absolute())
