"""The product's environment names (contract section 8) with values for an instance."""

from chat_project.settings.development import DEVELOPMENT
from devstack.instance import Instance
from devstack.mongodb import REPLICA_SET
from devstack.ports import HOST


def development_environment(instance: Instance) -> dict[str, str]:
    """Addresses of the instance, and the development values of everything else."""
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
