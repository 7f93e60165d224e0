"""The typed configuration: `config.yaml` in the data directory, each key overridden by `M3M_<SECTION>_<KEY>`.

The file is written at the first start with random secrets. Durations are written as in Go:
`30s`, `15m`, `168h`.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import socket
import stat
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from m3m_site.console import _

BASE_DIR = Path(__file__).resolve().parent.parent

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")

_SIZES = {"": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
_SIZE = re.compile(r"(\d{1,15})\s*(|KB|MB|GB|TB)", re.ASCII)


class ConfigError(Exception):
    """The configuration cannot be used; the message says which key and what to do."""


def parse_duration(value: object) -> float:
    """Seconds of a duration such as `1h30m`; plain numbers are seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"'{text}' is not a duration such as 30s, 15m or 168h")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


_RATE = re.compile(r"([1-9]\d{0,8})/(\d*)(s|m|h|d)")


def parse_rate(value: object) -> tuple[int, int] | None:
    """Requests and seconds of a rate such as `1200/m` or `100/10s`; None for an empty one."""
    if value is None or value == "":
        return None
    found = _RATE.fullmatch(str(value).strip())
    if not found or found[2] == "0":
        raise ValueError(f"'{value}' is not a rate such as 1200/m or 100/10s")
    return int(found[1]), int(int(found[2] or 1) * _UNITS[found[3]])


def check_rate(value: object) -> str:
    """The rate as it is written; raises ValueError for what is none."""
    parse_rate(value)
    return str(value or "")


Rate = Annotated[str, BeforeValidator(check_rate)]


def check_origin(value: str) -> str:
    """An origin as browsers send it; raises ValueError for what is none."""
    if value != "*" and not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+", value):
        raise ValueError(f"'{value}' is not an origin such as https://app.example.org")
    return value


Origin = Annotated[str, AfterValidator(check_origin)]
Duration = Annotated[float, BeforeValidator(parse_duration)]


def parse_size(value: object) -> object:
    """Bytes of a size such as `512MB`; plain numbers are bytes already."""
    found = _SIZE.fullmatch(value.strip().upper()) if isinstance(value, str) else None
    return int(found[1]) * _SIZES[found[2]] if found else value


Size = Annotated[int, BeforeValidator(parse_size)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ServerSection(Section):
    host: str = "0.0.0.0"  # noqa: S104  (a server listens; the sandbox and the proxy protect it)
    port: int = Field(default=3000, ge=0, le=65535)
    uri: str = ""  # public address; empty means http://127.0.0.1:<port>
    secret_key: str = ""
    debug: bool = False
    fronts: int = Field(default=1, ge=1, le=64)
    webs: int = Field(default=1, ge=1, le=64)
    web_threads: int = Field(default=16, ge=2, le=256)
    allowed_hosts: list[str] = ["*"]
    trusted_proxies: list[str] = []
    secure_cookies: bool = False
    rate_limit: Rate = "1000/s"  # requests of one actor to /api; empty counts nothing
    cors_origins: list[Origin] = []  # pages of other origins that may call /api with tokens
    slug_redirect: Duration = 720 * 3600.0  # how long a former slug leads to the present one
    static: str = ""  # where `collectstatic` has put the files; empty serves them from the checkout


class DatabaseSection(Section):
    driver: Literal["sqlite", "postgresql"] = "sqlite"
    host: str = "127.0.0.1"
    port: int = 5432
    name: str = "m3m"
    user: str = "m3m"
    password: str = ""


class RedisSection(Section):
    uri: str = ""  # empty means the embedded server


class JwtSection(Section):
    secret: str = ""
    expiration: Duration = 168 * 3600.0
    access: Duration = 15 * 60.0


class StorageSection(Section):
    path: str = "./storage"
    encryption_key: str = ""
    driver: Literal["local", "s3"] = "local"
    project_limit: Size = Field(default=1024**3, ge=0, lt=2**63)
    upload_limit: Size = Field(default=512 * 1024**2, ge=0, lt=2**63)
    bucket: str = ""
    endpoint: str = ""  # empty means Amazon's own
    access_key: str = ""
    secret_key: str = ""
    region: str = ""
    prefix: str = ""


class RuntimeSection(Section):
    worker_pool_size: int = Field(default=10, ge=1, le=256)
    timeout: Duration = 30.0
    healthy_after: Duration = 10.0
    lease: Duration = 10.0
    shutdown: Duration = 10.0
    node: str = ""  # name of this node; empty means the host's name
    allow_insecure_sandbox: bool = False


class PluginsSection(Section):
    path: str = "./plugins"
    config: dict[str, dict[str, Any]] = {}


class LoggingSection(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    path: str = "./logs"


class Config(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="M3M_", env_nested_delimiter="_", env_nested_max_split=1, extra="forbid"
    )

    server: ServerSection = ServerSection()
    database: DatabaseSection = DatabaseSection()
    redis: RedisSection = RedisSection()
    jwt: JwtSection = JwtSection()
    storage: StorageSection = StorageSection()
    runtime: RuntimeSection = RuntimeSection()
    plugins: PluginsSection = PluginsSection()
    logging: LoggingSection = LoggingSection()

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *args: Any, **kwargs: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return kwargs["env_settings"], YamlConfigSettingsSource(
            settings_cls, yaml_file=data_dir() / "config.yaml"
        )

    def path(self, value: str) -> Path:
        """A configured path; relative ones stand below the data directory."""
        return (data_dir() / value).resolve()

    @property
    def public_uri(self) -> str:
        return (self.server.uri or f"http://127.0.0.1:{self.server.port}").rstrip("/")


def data_dir() -> Path:
    """The one directory that everything on disk lives in."""
    return Path(os.environ.get("M3M_DATA") or BASE_DIR / "data").resolve()


def runtime_dir() -> Path:
    """Directory of unix sockets, mode 0700; short, since a socket path holds 107 bytes at most."""
    if configured := os.environ.get("M3M_RUN"):
        path = Path(configured)
    else:
        digest = hashlib.sha256(str(data_dir()).encode()).hexdigest()[:10]
        path = Path(tempfile.gettempdir()) / f"m3m-{os.getuid()}-{digest}"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        text = _("Cannot make {path} ({error}); set M3M_RUN to a directory of your own.")
        raise ConfigError(text.format(path=path, error=error.strerror)) from error
    found = path.lstat()
    if found.st_uid != os.getuid() or stat.S_ISLNK(found.st_mode):
        text = _("{path} belongs to somebody else; set M3M_RUN to a directory of your own.")
        raise ConfigError(text.format(path=path))
    return path


def temporary_dir() -> Path:
    """Where large files are written before they find their place: on the disk of the data, not in memory."""
    path = data_dir() / "tmp"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def node_name() -> str:
    """Name of this machine as a runtime node."""
    return load_config().runtime.node or socket.gethostname()


def ensure_config() -> Path:
    """Write `config.yaml` with random secrets unless it is there; returns its path."""
    target = data_dir() / "config.yaml"
    try:
        # The database in it may be read by whoever gets as far as the file.
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not target.exists():
            _write_config(target)
    except OSError as error:
        text = _("Cannot write to {folder} ({error}); set M3M_DATA to a directory you may write to.")
        raise ConfigError(text.format(folder=target.parent, error=error.strerror)) from error
    return target


def _write_config(target: Path) -> None:
    """Whole or not at all: processes that start together must read the same secrets."""
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".config-")  # made with mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            yaml.safe_dump(_first_config(), file, sort_keys=False)
        os.link(draft, target)
    except FileExistsError:
        return
    finally:
        os.unlink(draft)


def _first_config() -> dict[str, Any]:
    return {
        "server": {"host": "0.0.0.0", "port": 3000, "secret_key": secrets.token_urlsafe(48)},  # noqa: S104
        "database": {"driver": "sqlite"},
        "jwt": {"secret": secrets.token_urlsafe(48), "expiration": "168h", "access": "15m"},
        "storage": {"path": "./storage", "encryption_key": secrets.token_urlsafe(32)},
        "runtime": {"worker_pool_size": 10, "timeout": "30s"},
        "plugins": {"path": "./plugins", "config": {}},
        "logging": {"level": "info", "path": "./logs"},
    }


@lru_cache(maxsize=1)
def load_config() -> Config:
    """The configuration of this process.

    Raises ConfigError with one sentence for a file that is not YAML, an unknown key or a wrong value.
    """
    path = ensure_config()
    try:
        config = Config()
    except ValidationError as error:
        raise ConfigError(_explain(path, error)) from error
    except yaml.YAMLError as error:
        text = _("{path} is not valid YAML: {reason}")
        raise ConfigError(text.format(path=path, reason=" ".join(str(error).split()))) from error
    except (OSError, TypeError, ValueError) as error:
        raise ConfigError(_("{path} cannot be read: {reason}").format(path=path, reason=error)) from error
    for section, key in (("server", "secret_key"), ("jwt", "secret"), ("storage", "encryption_key")):
        if not getattr(getattr(config, section), key):
            text = _("{path}: {key} is empty; put a long random text there.")
            raise ConfigError(text.format(path=path, key=f"{section}.{key}"))
    return config


def _explain(path: Path, error: ValidationError) -> str:
    """The first thing that is wrong, in one sentence that names the key."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return _("{path}: {key} is not a known key (it may also come from M3M_{name}).").format(
            path=path, key=key, name=key.upper().replace(".", "_")
        )
    return f"{path}: {key}: {first['msg']}."
