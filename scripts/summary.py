"""What `scripts/run` prints when everything is up."""

import json
import shlex

from chat_project.settings.development import DEMO_ADMIN_PASSWORD, DEMO_ADMIN_USER
from scripts.first_message import Times, text_request
from scripts.prepare import Demo


def summary(port: int, demo: Demo, times: Times, *, start_seconds: float) -> str:
    base = f"http://localhost:{port}"
    return f"""
The chat backend is up ({start_seconds:.1f} s).
  First message  {times.message_id}
                 accepted in {times.accepted_ms:.0f} ms, stored after {times.stored_ms:.0f} ms
                 (the first one also opens the connections)
  API            {base}/api/v1
  Swagger        {base}/swagger
  Admin          {base}/admin/  (user {DEMO_ADMIN_USER}, password {DEMO_ADMIN_PASSWORD})
  Health         {base}/health/ready

Send one yourself as {demo.user_name} (the token is valid for 8 hours):
{_curl(base, demo)}

Ctrl-C stops everything that was started."""


def _curl(base: str, demo: Demo) -> str:
    body = json.dumps(text_request(demo), ensure_ascii=False)
    command = ["curl", "-s", "-X", "POST", f"{base}/api/v1/messages/text"]
    command += ["-H", f"Authorization: Bearer {demo.token}"]
    command += ["-H", "Content-Type: application/json", "-d", body]
    return shlex.join(command)
