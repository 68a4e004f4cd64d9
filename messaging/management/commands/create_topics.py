"""`manage.py create_topics`: makes the topics that are missing and tells how others differ."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from chat_project.settings.environment import environment
from messaging.errors import KafkaAway
from messaging.topics import WANTED_REPLICATION_FACTOR, TopicAdministration, planned_topics


class Command(BaseCommand):
    help = "Creates the message topic and its dead-letter topic; existing ones are left alone."

    @override
    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            self._create_and_compare(TopicAdministration(environment().kafka_connection()))
        except KafkaAway as error:
            servers = environment().kafka_bootstrap_servers
            raise CommandError(f"{error} (KAFKA_BOOTSTRAP_SERVERS is {servers})") from error

    def _create_and_compare(self, administration: TopicAdministration) -> None:
        brokers = administration.broker_count()
        if brokers < WANTED_REPLICATION_FACTOR:
            self.stderr.write(
                f"warning: {brokers} broker(s), so new topics get replication factor {brokers}"
                f" instead of {WANTED_REPLICATION_FACTOR}: a lost disk can lose messages"
            )
        plans = planned_topics(environment(), brokers=brokers)
        created = administration.create_missing(plans)
        for plan in plans:
            if plan in created:
                self.stdout.write(
                    f"created {plan.name}: {plan.partitions} partitions,"
                    f" replication factor {plan.replication_factor}"
                )
                continue
            self.stdout.write(f"exists {plan.name}")
            for difference in administration.differences(plan):
                self.stderr.write(f"warning: {plan.name} differs, left alone: {difference}")
