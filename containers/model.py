"""``python -m containers.model``, in a container beside orra's: a model's server whose plans suit the request, and
take :data:`SECONDS` where the request says so. Needs the standard library only."""

from __future__ import annotations

import threading

from tests.servers.scripted import Reply, Request, ScriptedServer, completion, oblige

PORT = 8900
MODEL = "scripted-1"
SLOWLY = "slowly"
SECONDS = 8.0


def answer(request: Request) -> Reply:
    plan = completion(oblige(request))
    return Reply(body=plan.body, delay=SECONDS if SLOWLY in request.prompt else 0.0)


def main() -> None:
    with ScriptedServer(default=answer, host="0.0.0.0", port=PORT, model=MODEL):
        threading.Event().wait()


if __name__ == "__main__":
    main()
