"""docker-compose.yml, read without an engine: nothing open to the network, nothing secret in it, everything checked."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES = yaml.safe_load(TEXT)["services"]
RUNNING = sorted(set(SERVICES) - {"init"})
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:[?-])?([^}]*)\}")
SECRET_NAME = re.compile(r"PASSWORD|SECRET|FERNET_KEY|SQL_ALCHEMY_CONN")


def read_example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_services_are_those_of_airflow_3():
    assert sorted(SERVICES) == ["api-server", "dag-processor", "init", "postgres", "scheduler"]
    for name in ("api-server", "dag-processor", "scheduler"):
        assert SERVICES[name]["command"][0] == name


@pytest.mark.parametrize("name", RUNNING)
def test_a_running_service_is_health_checked(name):
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert len(check["test"]) > 1
    assert {"interval", "timeout", "retries"} <= set(check)


def test_published_ports_are_on_loopback():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["api-server"]
    assert all(str(port).startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert all(service.get("network_mode") != "host" for service in SERVICES.values())


def test_secrets_come_from_the_environment_and_have_no_default():
    seen = set()
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            if SECRET_NAME.search(name):
                found = VARIABLE.findall(value)
                assert found, f"{name} is written out"
                assert {mark for _, mark, _ in found} == {":?"}, f"{name} has a default"
                seen.add(name)
    assert {"POSTGRES_PASSWORD", "ADMIN_PASSWORD", "RAPPORT_SECRET", "AIRFLOW__CORE__FERNET_KEY"} < seen
    assert {"AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET"} < seen


def test_database_password_is_the_only_variable_part_of_the_connection():
    connection = SERVICES["scheduler"]["environment"]["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert VARIABLE.sub("PASSWORD", connection) == "postgresql+psycopg2://airflow:PASSWORD@postgres/airflow"


def test_every_variable_is_in_the_example_and_the_other_way_round():
    assert {name for name, _, _ in VARIABLE.findall(TEXT)} == set(read_example())


def test_example_holds_no_value():
    assert {name for name, value in read_example().items() if value} == set()


def test_every_variable_has_a_message_or_a_default():
    assert [name for name, mark, _ in VARIABLE.findall(TEXT) if not mark] == []


def test_airflow_shares_its_keys_and_runs_on_postgres():
    shared = ("AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
    airflow = [SERVICES[name]["environment"] for name in ("init", "api-server", "scheduler", "dag-processor")]
    for variable in shared:
        assert len({environment[variable] for environment in airflow}) == 1
    assert {environment["AIRFLOW__CORE__EXECUTOR"] for environment in airflow} == {"LocalExecutor"}


def test_customers_data_reach_the_scheduler_alone():
    for name, service in SERVICES.items():
        mounted = any("RAPPORT_HOME" in volume or "RAPPORT_LANDING" in volume for volume in service.get("volumes", []))
        assert mounted == (name == "scheduler"), name
    assert "RAPPORT_SECRET" not in SERVICES["api-server"]["environment"]
    assert any(volume.endswith(":/landing:ro") for volume in SERVICES["scheduler"]["volumes"])


def test_init_comes_first_and_makes_the_pool_and_the_user():
    script = SERVICES["init"]["command"][0]
    assert SERVICES["init"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for name in ("api-server", "scheduler", "dag-processor"):
        assert SERVICES[name]["depends_on"]["init"]["condition"] == "service_completed_successfully"
    assert "airflow pools set warehouse 1 " in script
    assert script.index("db migrate") < script.index("pools set") < script.index("users create")


def test_image_is_built_from_the_lock_as_a_plain_user():
    steps = (ROOT / "Dockerfile").read_text()
    assert "FROM python:3.12-slim" in steps
    assert "pip install --no-cache-dir --no-compile -r requirements.txt" in steps
    assert steps.index("USER rapport") < steps.index("ENTRYPOINT")
    assert ".env" in (ROOT / ".dockerignore").read_text().splitlines()
