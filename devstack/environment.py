"""The product's environment names (contract section 8) with values for an instance."""

from collections.abc import Mapping

from chat_project.settings.development import DEVELOPMENT
from chat_project.settings.environment import Environment
from devstack.instance import Instance
from devstack.mongodb import REPLICA_SET
from devstack.ports import HOST

OF_THE_API_ALONE = {"port", "web_concurrency"}
"""Other programs of the shell that takes the printed lines read PORT and WEB_CONCURRENCY too."""


def development_environment(instance: Instance) -> dict[str, str]:
    """Addresses of the instance, names, and development values."""
    brokers = [f"{HOST}:{instance.ports[name]}" for name in instance.broker_names]
    members = [f"{HOST}:{instance.ports[name]}" for name in instance.mongodb_names]
    options = f"replicaSet={REPLICA_SET}&w=majority&journal=true"
    return {
        **DEVELOPMENT,
        "KAFKA_BOOTSTRAP_SERVERS": ",".join(brokers),
        "KAFKA_TOPIC_PREFIX": "emis",
        "KAFKA_GROUP_ID": "emis-chat-service",
        "KAFKA_CLIENT_ID": "chat-consumer",
        "KAFKA_PRODUCER_CLIENT_ID": "chat-producer",
        "KAFKA_PARTITIONS": "10",
        "MONGODB_URI": f"mongodb://{','.join(members)}/?{options}",
        "MONGODB_DATABASE": "emis_chat",
        "REDIS_URL": f"redis://{HOST}:{instance.ports['redis']}/0",
        "CACHE_TTL_MINUTES": "5",
        "DJANGO_DEBUG": "true",
    }


def with_defaults(given: Mapping[str, str]) -> dict[str, str]:
    """These, and the default of every other setting that has one.

    Not KAFKA_TOPICS: its default follows KAFKA_TOPIC_PREFIX, and a printed one would stay behind
    where the prefix alone is changed.
    """
    defaults = {
        name.upper(): str(field.default)
        for name, field in Environment.model_fields.items()
        if isinstance(field.default, str | int | float) and name not in OF_THE_API_ALONE
    }
    return {**defaults, **given}
