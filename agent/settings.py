"""Settings: read once, from ``VOXNIX_*`` in the environment and one TOML file."""

import os
import socket
from datetime import UTC, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from agent.core.errors import InvalidName, InvalidSettings
from agent.core.owner import Owner

PREFIX = "VOXNIX_"
FILE_VARIABLE = "VOXNIX_SETTINGS"
DEFAULT_FILE = "/etc/voxnix/settings.toml"
SIZE = r"^[1-9][0-9]*[KMGT]$"
SIZE_OR_NONE = r"^(none|[1-9][0-9]*[KMGT])$"
NOT_SETTINGS = frozenset(
    {
        FILE_VARIABLE,
        "VOXNIX_CACHE",
        "VOXNIX_DEBIAN_MIRROR",
        "VOXNIX_TEST_FULL",
        "VOXNIX_TEST_NIXPKGS",
    }
)
"""Variables with our prefix that belong to the scripts around the product."""
SECRET_VARIABLES = ("_API_KEY", "_ACCESS_KEY", "_TOKEN", "PASSWORD")
"""How the names of variables end in which libraries look for what is secret."""


def _node_name() -> str:
    return socket.gethostname().split(".")[0].lower() or "local"


def _state_dir() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/voxnix")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "voxnix"


def _time_zone() -> str:
    link = os.path.realpath("/etc/localtime")
    name = os.environ.get("TZ", "").removeprefix(":") or link.partition("/zoneinfo/")[2]
    try:
        return _checked_zone(name)
    except ValueError:  # a rule such as CET-1CEST, or a file without a name
        return "UTC"


def _checked_zone(name: str) -> str:
    try:
        _zone(name)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"{name!r} is not the name of a time zone, such as Europe/Berlin") from None
    except KeyError:
        raise ValueError(f"this machine knows no time zone {name!r}, only such as Europe/Berlin") from None
    return name


def _zone(name: str) -> tzinfo:
    return UTC if name in {"UTC", "Etc/UTC"} else ZoneInfo(name)  # these two without a database of zones


class Settings(BaseSettings):
    """Every setting, its type, its default and what it changes."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True
    )

    state_dir: Path = Field(
        default_factory=_state_dir, description="Folder for the database and the engine's state."
    )
    database_url: str = Field(
        default="",
        pattern=r"^$|^(sqlite|postgresql(\+psycopg)?)://",
        description="sqlite:///PATH or postgresql://…; empty means voxnix.db in the state folder.",
    )
    node_name: str = Field(
        default_factory=_node_name,
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="What this machine is called.",
    )
    owner: Annotated[str, AfterValidator(lambda key: Owner(key).key)] = Field(
        default="admin", description="Who the person at this machine's console is."
    )
    timezone: Annotated[str, AfterValidator(_checked_zone)] = Field(
        default_factory=_time_zone,
        description="The time zone, such as Europe/Berlin, in which people mean their quiet hours.",
    )
    simulate: bool = Field(default=False, description="Use a simulated node instead of this machine.")
    embedded_worker: bool = Field(
        default=True, description="Run operations in the process that asks for them while no worker runs."
    )

    pool: str = Field(default="tank", pattern=r"^[a-zA-Z][a-zA-Z0-9_.-]*$", description="The ZFS pool.")
    bridge: str = Field(
        default="voxnix0", pattern=r"^[a-z0-9_-]{1,15}$", description="The bridge of the containers."
    )
    name_server: str = Field(
        default="10.88.0.1",
        pattern=r"^[0-9a-f.:]+$",
        description="The address where containers ask for names.",
    )
    image_cache: Path = Field(
        default=Path("/var/cache/voxnix/images"), description="Folder for built guest images, as archives."
    )
    modules_dir: Path | None = Field(
        default=None,
        description="Folder of the admin's own modules, as `voxnix modules refresh` found them.",
    )
    secrets_dir: Path = Field(
        default=Path("/var/lib/voxnix/secrets"), description="Folder of what modules are given in secret."
    )
    guest_builder: Literal["debian", "nix"] = Field(
        default="debian", description="What containers are made of: Debian's packages, or NixOS."
    )
    nixpkgs: Path | None = Field(
        default=None,
        description="The tree of nixpkgs that guests are built from; needed for the nix builder.",
    )
    state_version: str = Field(
        default="26.05",
        pattern=r"^[0-9]{2}\.[0-9]{2}$",
        description="NixOS release whose formats of data the guests keep; it stays when nixpkgs moves on.",
    )
    prebuilt: Path | None = Field(
        default=None, description="JSON list of guests that are part of the appliance itself."
    )
    busybox: Path = Field(
        default=Path("/usr/bin/busybox"),
        description="A static busybox, which puts instances into the Nix store.",
    )
    extra_container: str = Field(
        default="extra-container", description="The program that installs NixOS containers."
    )
    evaluation_memory: str = Field(
        default="4G", pattern=SIZE, description="Limit of the memory of one evaluation of Nix."
    )
    evaluations: int = Field(default=1, ge=1, description="How many evaluations of Nix may run side by side.")
    builds: int = Field(
        default=0,
        ge=0,
        description="How many operations that build may run side by side; 0: one for each core with 2 GiB.",
    )
    idmapped_mounts: bool = Field(
        default=False,
        description="Map user ids at the mount instead of moving files: OpenZFS 2.2 and newer, not zfs-fuse.",
    )
    debian_suite: str = Field(
        default="trixie", pattern=r"^[a-z]+$", description="Debian release of the guests."
    )
    debian_sources: str = Field(
        default="/etc/apt/sources.list.d/debian.sources",
        description="apt's own list of mirrors on the node; guests are built from it.",
    )
    workload_quota: str = Field(
        default="20G",
        pattern=SIZE,
        description="Limit of a container's root file system, /workspace and snapshots together.",
    )
    owner_quota: str = Field(
        default="100G",
        pattern=SIZE_OR_NONE,
        description="Limit of all that one owner has, the trash counted in; none for no limit.",
    )
    trash_days: int = Field(
        default=7, ge=1, le=365, description="Days that a destroyed container can be restored."
    )
    trash_high_water: int = Field(
        default=80,
        ge=1,
        le=100,
        description="Per cent of the pool above which the oldest in the trash is purged before its time.",
    )
    memory_max: str = Field(default="2G", pattern=SIZE, description="Limit of a container's memory.")
    tasks_max: int = Field(default=4096, ge=64, description="Limit of a container's processes and threads.")
    max_modules: int = Field(default=16, ge=1, le=100, description="How many modules a container may have.")
    approval_minutes: int = Field(
        default=60, ge=1, description="Minutes in which a person may agree to what needs their approval."
    )
    upload_max: str = Field(
        default="20M", pattern=SIZE, description="Limit of a file that a person sends into a container."
    )
    build_timeout: float = Field(default=1800, gt=0, description="Seconds that building an image may take.")

    telegram_token: SecretStr | None = Field(
        default=None, description="The token of the bot, as @BotFather gave it; needed for `voxnix bot`."
    )
    telegram_api: str = Field(
        default="https://api.telegram.org",
        pattern=r"^https?://[^/]+(/[^?#]*[^/?#])?$",
        description="Base URL of the Bot API: Telegram's, or a server of your own.",
    )
    telegram_rate: int = Field(
        default=30, ge=0, le=1000, description="Messages per second to Telegram at most; 0 for no limit."
    )
    telegram_webhook: str = Field(
        default="",
        pattern=r"^$|^https?://",
        description="URL at which Telegram finds this bot; empty means that it asks for updates.",
    )
    telegram_webhook_listen: str = Field(
        default="127.0.0.1:8088",
        pattern=r"^[^:]+:[0-9]{1,5}$",
        description="Address and port here that this URL leads to.",
    )

    model: str = Field(
        default="",
        description="A pydantic-ai model, such as anthropic:claude-sonnet-4-5; empty means the phrasebook.",
    )
    model_base_url: str = Field(
        default="", pattern=r"^$|^https?://", description="An OpenAI-compatible server, such as Ollama."
    )
    model_api_key: SecretStr | None = Field(
        default=None, description="Its key; providers' own variables work too."
    )
    model_timeout: float = Field(
        default=60, gt=0, description="Seconds to wait for the model before the phrasebook."
    )
    daily_requests: int = Field(
        default=1000,
        ge=0,
        description="What one account may ask of the model in a day (UTC), in requests; 0 is no limit.",
    )
    daily_cost: float = Field(
        default=0,
        ge=0,
        description="The same in dollars, as far as the model's prices are known; 0 is no limit.",
    )

    transcription: Literal["", "server", "local"] = Field(
        default="",
        description="What makes words of voice messages: a server that speaks OpenAI's protocol, or local:"
        " pocketsphinx, which knows English commands. Empty means that they are refused.",
    )
    transcription_base_url: str = Field(
        default="",
        pattern=r"^$|^https?://",
        description="That server, mostly ending in /v1; empty means OpenAI.",
    )
    transcription_model: str = Field(
        default="whisper-1", min_length=1, description="The model to ask it for."
    )
    transcription_api_key: SecretStr | None = Field(
        default=None, description="Its key; for OpenAI, the variable OPENAI_API_KEY works too."
    )

    logfire_token: SecretStr | None = Field(
        default=None, description="Token of a Logfire project: turns are traced, without their words."
    )

    @property
    def state_folder(self) -> Path:
        """Where this run keeps its state: a simulation never mixes with what is real."""
        return self.state_dir / "simulation" if self.simulate else self.state_dir

    @property
    def upload_bytes(self) -> int:
        """The same limit in bytes."""
        return _bytes(self.upload_max)

    @property
    def workload_bytes(self) -> int:
        """The limit of a container in bytes."""
        return _bytes(self.workload_quota)

    @property
    def owner_bytes(self) -> int:
        """The limit of an owner in bytes; 0 for none."""
        return 0 if self.owner_quota == "none" else _bytes(self.owner_quota)

    @property
    def trash_time(self) -> timedelta:
        """For how long what was destroyed can be restored."""
        return timedelta(days=self.trash_days)

    @property
    def zone(self) -> tzinfo:
        """The time zone that people mean."""
        return _zone(self.timezone)

    @property
    def secrets(self) -> frozenset[str]:
        """All that may be said nowhere, as it is and as it stands in a URL."""
        given = {value.get_secret_value() for _, value in self if isinstance(value, SecretStr)}
        given |= {value for name, value in os.environ.items() if name.endswith(SECRET_VARIABLES)}
        given.add(unquote(urlsplit(self.database_url).password or ""))
        return frozenset(given | {quote(value, safe="") for value in given})

    @property
    def own_modules(self) -> Path:
        """The catalogue of the admin's own modules, as it was last refreshed."""
        return self.state_folder / "modules.json"

    @property
    def embeds_worker(self) -> bool:
        """Whether who waits may become the worker. No service ever works on a simulation."""
        return self.embedded_worker or self.simulate

    @property
    def database(self) -> str:
        """The database's URL, with psycopg as PostgreSQL's driver."""
        if self.simulate or not self.database_url:
            return f"sqlite:///{self.state_folder / 'voxnix.db'}"
        return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        file = os.environ.get(FILE_VARIABLE, DEFAULT_FILE)
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)


def _bytes(size: str) -> int:
    return int(size[:-1]) << 10 * (1 + "KMGT".index(size[-1]))


def load(**given: Any) -> Settings:  # noqa: ANN401 - pydantic checks each one
    """Read the settings.

    Raises:
        InvalidSettings: naming the setting and what it accepts.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise _unknown(unknown[0].removeprefix(PREFIX).lower(), unknown[0])
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        if first["type"] == "extra_forbidden":
            raise _unknown(name, name) from None
        raise InvalidSettings(
            f"The setting {name} is wrong: {first['msg']}.",
            f"It is for: {Settings.model_fields[name].description}" if name in Settings.model_fields else "",
            f"Correct it in {os.environ.get(FILE_VARIABLE, DEFAULT_FILE)} or as {PREFIX}{name.upper()}.",
        ) from None
    except InvalidName as error:
        raise InvalidSettings("The setting owner is wrong.", str(error)) from None
    except ValueError as error:  # a TOML file that does not parse
        raise InvalidSettings(
            f"{os.environ.get(FILE_VARIABLE, DEFAULT_FILE)} cannot be read.", str(error), "Correct the file."
        ) from None


def _unknown(name: str, shown: str) -> InvalidSettings:
    from difflib import get_close_matches  # noqa: PLC0415 - only where something is wrong

    near = get_close_matches(name, Settings.model_fields, n=3)
    accepted = ", ".join(near) if near else ", ".join(Settings.model_fields)
    return InvalidSettings(
        f"There is no setting {shown}.",
        f"Did you mean {accepted}?" if near else f"The settings are: {accepted}.",
        "Correct or remove it.",
    )
