"""Real Kafka, MongoDB and Redis without containers, for development and tests.

`python -m devstack up` on the command line, `Stack` in Python, `devstack.pytest_plugin` in tests.
"""

from devstack.errors import StackError
from devstack.service import Service, ServiceStatus, State
from devstack.stack import Stack

__all__ = ["Service", "ServiceStatus", "Stack", "StackError", "State"]
