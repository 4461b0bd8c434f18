"""The demo's end: the service that keeps cases, with what was found, and what a person can ask it.

``python -m benchmarks.demo_cases RESULTS HOME`` serves until Ctrl-C, or only shows the cases where nobody sits there.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.served import PROGRAM, NotServed, Service, serving

LISTEN, ANYWHERE = "127.0.0.1:8490", "127.0.0.1:0"


def main(results: Path, home: Path) -> None:
    """Serve, push, show."""
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", 8490)) == 0
    try:
        with serving(home, ANYWHERE if taken else LISTEN) as service:
            pushed = [str(PROGRAM), "push", str(results), "--to", service.address]
            subprocess.run(pushed, env=os.environ | {"STREETORDER_PUSH_KEY": service.key}, check=True)
            _show(service, home)
            if sys.stdin.isatty():
                print("Serving until Ctrl-C.")
                service.process.wait()
    except KeyboardInterrupt:
        pass
    except NotServed as problem:
        sys.exit(str(problem))


def _show(service: Service, home: Path) -> None:
    api = service.api()
    table = Table("case", "state", "type", "since", "evidence", title=f"Cases at {service.address}")
    for case in api.get("/cases").json()["cases"]:
        whole = api.get(f"/cases/{case['id']}").json()
        kinds = ", ".join(sorted({e["kind"] for e in whole["evidence"]}))
        table.add_row(str(case["number"]), case["state"], case["key"], case["onset"] or "unknown", kinds)
    Console().print(table)
    print(f'Ask it:  curl -H "Authorization: Bearer $(cat {home}/admin.key)" {service.address}/api/v1/cases')
    print(f"All that it answers: {service.address}/api/v1/openapi.json; docs/cases.md says more.")


if __name__ == "__main__":
    typer.run(main)
