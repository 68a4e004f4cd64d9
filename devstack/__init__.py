"""Real Kafka, MongoDB and Redis without containers, for development and tests.

`python -m devstack up` on the command line, `Stack` in Python, `devstack.pytest_plugin` in tests.
"""

try:
    from devstack.errors import StackError
    from devstack.service import Service, ServiceStatus, State
    from devstack.stack import Stack
except ModuleNotFoundError as error:
    raise SystemExit(
        f"devstack: {error.name} is not installed for this Python: run scripts/setup, then use"
        " .venv/bin/python -m devstack"
    ) from error

__all__ = ["Service", "ServiceStatus", "Stack", "StackError", "State"]
