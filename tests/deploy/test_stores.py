"""MongoDB and Redis: their users, passwords and policies are those of the product's addresses."""

import re
from urllib.parse import parse_qs, urlsplit

from tests.deploy.compose import FILLED_IN, PROCESSES, ROOT, Compose

CREATE_USER = (ROOT / "deploy/mongodb/create-user.js").read_text()
HEALTH = (ROOT / "deploy/mongodb/health.js").read_text()


def test_the_product_signs_in_as_the_user_that_mongodb_creates(compose: Compose) -> None:
    server = compose.environment("mongodb")
    for name in PROCESSES:
        environment = compose.environment(name)
        uri = urlsplit(environment["MONGODB_URI"])
        query = parse_qs(uri.query)

        assert f'user: "{uri.username}"' in CREATE_USER
        assert uri.password == server["MONGODB_PASSWORD"] == FILLED_IN["MONGODB_PASSWORD"]
        assert "process.env.MONGODB_PASSWORD" in CREATE_USER
        assert query["authSource"] == [server["MONGO_INITDB_DATABASE"]]
        assert environment["MONGODB_DATABASE"] == server["MONGO_INITDB_DATABASE"]
        assert (query["w"], query["journal"]) == (["majority"], ["true"])


def test_the_health_check_makes_the_replica_set_that_all_others_name(compose: Compose) -> None:
    command = compose.service("mongodb")["command"]
    named = command[command.index("--replSet") + 1]
    uri = urlsplit(compose.environment("api")["MONGODB_URI"])

    assert parse_qs(uri.query)["replicaSet"] == [named]
    assert f'_id: "{named}"' in HEALTH
    assert f'host: "{uri.hostname}:{uri.port}"' in HEALTH
    assert uri.hostname in compose.file["services"]


def test_mongodbs_files_are_where_its_commands_look_for_them(compose: Compose) -> None:
    service = compose.service("mongodb")
    scripts = [service["entrypoint"][-1], service["healthcheck"]["test"][-1]]
    created = "/docker-entrypoint-initdb.d/create-user.js"

    for script in [*scripts, created]:
        file = compose.mounted("mongodb", script)
        assert file is not None, script
        assert file.is_file(), script


def test_the_health_check_reads_names_that_the_service_has(compose: Compose) -> None:
    read = set(re.findall(r"[A-Z]+_[A-Z_]+", HEALTH + CREATE_USER.partition("db.")[2]))

    assert read <= set(compose.environment("mongodb"))


def test_the_product_signs_in_to_redis_with_its_password(compose: Compose) -> None:
    url = urlsplit(compose.environment("api")["REDIS_URL"])

    assert url.hostname in compose.file["services"]
    assert url.password == compose.environment("redis")["REDISCLI_AUTH"]
    assert url.password == FILLED_IN["REDIS_PASSWORD"]


def test_redis_refuses_when_it_is_full_and_keeps_nothing_on_disk(compose: Compose) -> None:
    command = compose.service("redis")["command"][-1]

    assert '--requirepass "$REDISCLI_AUTH"' in command
    assert '--maxmemory "$MAXMEMORY"' in command
    assert "--maxmemory-policy noeviction" in command
    assert '--save "" --appendonly no' in command
    assert not compose.service("redis").get("volumes")
    assert re.fullmatch(r"\d+[mg]b", compose.environment("redis")["MAXMEMORY"])


def test_the_stores_are_published_to_the_host_alone(compose: Compose) -> None:
    assert compose.service("mongodb")["ports"] == ["127.0.0.1:27017:27017"]
    assert compose.service("redis")["ports"] == ["127.0.0.1:6379:6379"]
