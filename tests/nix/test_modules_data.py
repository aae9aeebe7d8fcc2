"""What the modules for languages, data and variables set in NixOS; ``data.nix`` asks for it."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def asked(evaluated: Callable[[str], Any]) -> Any:  # noqa: ANN401 - of JSON
    """The values of a guest with default options, of one with others, and of one with wrong ones."""
    return evaluated("data.nix")


@pytest.fixture
def default(asked: dict[str, Any]) -> Any:  # noqa: ANN401
    """A guest whose modules have the options that they have by themselves."""
    return asked["default"]


@pytest.fixture
def changed(asked: dict[str, Any]) -> Any:  # noqa: ANN401
    """A guest whose modules have other options."""
    return asked["changed"]


def test_all_of_nixos_own_assertions_hold(default: dict[str, Any], changed: dict[str, Any]) -> None:
    """Options that contradict each other fail an assertion."""
    assert default["failed"] == changed["failed"] == []


def test_a_database_is_for_the_container_alone_unless_it_is_exposed(
    default: dict[str, Any], changed: dict[str, Any]
) -> None:
    """It listens on the loopback, and its port is not open; exposed it is, and asks for a password."""
    assert default["opened"] == [8080]
    assert default["postgresql"]["listen_addresses"] == "localhost"
    assert "all all all" not in default["postgresql"]["authentication"]
    assert default["redis"]["bind"] == "127.0.0.1 -::1"

    assert sorted(changed["opened"]) == [80, 5433, 6380]
    assert changed["postgresql"]["listen_addresses"] == "*"
    assert "host all all all scram-sha-256\n" in changed["postgresql"]["authentication"]
    assert changed["redis"]["bind"] == "* -::*"
    assert (changed["postgresql"]["port"], changed["redis"]["port"]) == (5433, 6380)
    assert changed["environment"]["variables"]["PGPORT"] == "5433"


def test_data_is_where_snapshots_are(default: dict[str, Any], changed: dict[str, Any]) -> None:
    """In /workspace, in folders that only the service reads; another version has a folder of its own."""
    assert default["postgresql"]["dataDir"] == "/workspace/postgresql/17"
    assert changed["postgresql"]["dataDir"] == "/workspace/postgresql/18"
    assert changed["postgresql"]["version"] == "18"
    assert default["redis"]["dir"] == "/workspace/redis"
    assert default["folders"]["/workspace/postgresql/17"] == {"d": {"mode": "0700", "user": "postgres"}}
    assert default["folders"]["/workspace/redis"]["d"] == {"mode": "0700", "user": "redis"}
    assert default["folders"]["/workspace/redis"]["Z"] == {"mode": "-", "user": "redis"}
    assert default["postgresql"]["writes"] == ["/workspace/postgresql/17"]
    assert default["redis"]["ReadWritePaths"] == ["/workspace/redis"]


def test_a_cache_writes_nothing(default: dict[str, Any], changed: dict[str, Any]) -> None:
    """Redis keeps what is in it unless it is told not to."""
    assert "900 1" in default["redis"]["save"]
    assert changed["redis"]["save"] == '""'


def test_each_database_has_an_owner_of_its_name(default: dict[str, Any], changed: dict[str, Any]) -> None:
    """And root is let in as a superuser, under its own name and that of postgres."""
    for guest, names in ((default, ["app"]), (changed, ["orders", "billing"])):
        assert guest["postgresql"]["ensureDatabases"] == names
        assert guest["postgresql"]["owners"] == names
        assert guest["postgresql"]["superusers"] == ["root"]
        assert "postgres root postgres" in guest["postgresql"]["identMap"]
        assert guest["environment"]["variables"]["PGDATABASE"] == names[0]


def test_a_password_comes_as_a_credential(changed: dict[str, Any]) -> None:
    """PostgreSQL has a step of its own for it, for the owners alone; Redis takes it in front of its start."""
    password = changed["postgresql"]["password"]
    assert password["ConditionCredential"] == password["ImportCredential"] == "postgresql.password"
    assert password["User"] == "postgres"
    assert password["script"].count("PASSWORD :'password'") == 2
    assert 'ALTER ROLE "orders"' in password["script"]
    assert "log_min_error_statement = panic" in password["script"]
    assert changed["redis"]["ImportCredential"] == "redis.password"
    assert changed["redis"]["steps"] == 2
    assert changed["redis"]["requirePass"] is changed["redis"]["requirePassFile"] is None


def test_names_that_postgresql_keeps_for_itself_are_refused(asked: dict[str, Any]) -> None:
    """The sentence names them."""
    (message,) = asked["reserved"]
    assert message.endswith("keeps for itself: pg_x root.")


def test_caddy_serves_a_folder_or_passes_requests_on(
    default: dict[str, Any], changed: dict[str, Any]
) -> None:
    """Over plain http, without a port for its administration; the folder is made only where it is served."""
    site = default["caddy"]["sites"]["http://:8080"]
    assert site.split("\n")[:2] == ["root * /workspace/www", "file_server"]
    assert default["folders"]["/workspace/www"] == {"d": {"mode": "-", "user": "-"}}
    assert changed["caddy"]["sites"] == {"http://:80": "reverse_proxy 127.0.0.1:3000"}
    assert changed["folders"]["/workspace/www"] == {}
    assert "admin off\nauto_https off\n" in default["caddy"]["globalConfig"]


def test_nothing_turns_what_is_the_node_s(default: dict[str, Any]) -> None:
    """Kernel settings that a container cannot have would leave it a failed unit."""
    assert not {"net.core.rmem_max", "net.core.wmem_max", "vm.overcommit_memory"} & set(default["sysctl"])
    assert default["nix"] == {"enable": False, "direnv": False}


def test_plain_variables_reach_services_commands_and_logins(
    default: dict[str, Any], changed: dict[str, Any]
) -> None:
    """As they are: no quote, dollar or percent sign means anything."""
    assert "DefaultEnvironment" not in default["environment"]["manager"]
    manager = changed["environment"]["manager"]
    assert r'''DefaultEnvironment="QUOTED=it's 100%% \"plain\" $HOME"''' in manager
    assert 'DefaultEnvironment="SHORT=1"' in manager
    assert r"""export QUOTED='it'\''s 100% "plain" $HOME'""" in changed["environment"]["login"]


def test_secret_variables_are_read_at_login_from_the_credential(default: dict[str, Any]) -> None:
    """They are nowhere else, so nothing else can show them."""
    login = default["environment"]["login"]
    assert "if [ -r /run/credentials/@system/env-vars.environment ]" in login
    assert "credentials" not in default["environment"]["manager"]


def test_what_is_asked_for_is_there(default: dict[str, Any]) -> None:
    """Compilers, language servers and tools."""
    wanted = {"cargo", "rustc", "rust-analyzer", "clippy", "rustfmt", "go", "gopls", "delve", "nodejs"}
    wanted |= {"just", "ripgrep", "fd", "jq", "direnv", "postgresql-and-plugins", "redis"}
    assert wanted <= set(default["programs"])
    for folder in ("$HOME/.cargo/bin", "$HOME/go/bin", "$HOME/.npm/bin"):
        assert folder in default["environment"]["login"]
