"""``python -m fuzzing [--examples N] [--seconds N] [--seed N]``: starts a stack of its own with two services, and
lets schemathesis ask it for what its description says and for what it does not: examples, boundaries, random
requests, and sequences in which one answer leads to the next request. Ends with 1 for a failure.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from orra.embedded.postgres import stop_postgres
from orra.embedded.runs import StartedStack, running_stack

SCHEMATHESIS = Path(sys.prefix, "fuzzing", "bin", "st")
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
PHASES = "examples,coverage,fuzzing,stateful"
ERROR = '"level": "error"'
ORDER = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
SERVICES: dict[str, Any] = {
    "find_order": {
        "description": "Find an order by its number: the customer who placed it and the amount paid.",
        "input_schema": ORDER,
        "output_schema": {"type": "object", "properties": {"customer_id": {"type": "string"}}},
        "annotations": {"readOnlyHint": True},
    },
    "refund_order": {
        "description": "Refund an order: give the customer the money back.",
        "input_schema": ORDER,
        "output_schema": {"type": "object", "properties": {"refund_id": {"type": "string"}}},
    },
}


def main() -> int:
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="orra-fuzz-"))
    try:
        with running_stack(folder, {"WEB_CONCURRENCY": "2", "LOG_LEVEL": "WARNING"}) as stack:
            _fill(stack)
            code = _fuzz(stack, options)
            _request(stack, "GET", "/v1/project")  # the key is good still, or all was for nothing
            return max(code, _errors_of(stack))
    finally:
        stop_postgres(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz ARGS=…")
    parser.add_argument("--examples", type=int, default=100, help="the most random cases per operation (100)")
    parser.add_argument("--seconds", type=int, default=900, help="the most that all of it may take (900)")
    parser.add_argument("--seed", type=int, help="of a run that is to be repeated")
    return parser.parse_args()


def _fill(stack: StartedStack) -> None:
    for name, facts in SERVICES.items():
        _request(stack, "PUT", f"/v1/services/{name}", facts)
    for number in range(3):
        body = {
            "action": f"Refund order ORD-{number}",
            "params": {"order_id": f"ORD-{number}"},
            "wait_seconds": 30,
        }
        _request(stack, "POST", "/v1/plans", body)


def _request(stack: StartedStack, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {stack.api_key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(stack.url + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def _fuzz(stack: StartedStack, options: argparse.Namespace) -> int:
    command = [
        str(SCHEMATHESIS),
        f"--config-file={CONFIGURATION}",
        "run",
        "--no-color",
        f"{stack.url}/v1/schema",
        f"--header=Authorization: Bearer {stack.api_key}",
        f"--phases={PHASES}",
        f"--max-examples={options.examples}",
        "--request-timeout=65",
        "--generation-database=none",
        "--continue-on-failure",
        *([f"--seed={options.seed}"] if options.seed is not None else []),
    ]
    with tempfile.TemporaryDirectory() as folder:
        try:
            return subprocess.run(command, cwd=folder, timeout=options.seconds).returncode
        except subprocess.TimeoutExpired:
            print(f"Not done after {options.seconds} seconds.")
            return 1


def _errors_of(stack: StartedStack) -> int:
    """1 where the stack logged an error; what strangers send is none."""
    logs = [*stack.data_dir.glob("*.log"), *stack.data_dir.glob("logs/*")]
    errors = [line for log in logs for line in log.read_text(errors="replace").splitlines() if ERROR in line]
    for line in errors[:10]:
        print(f"Logged: {line[:1000]}")
    print(f"{len(errors)} errors logged.")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
