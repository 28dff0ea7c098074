"""DBOS on SQLite: steps per second of a workflow that records them, and of its recovery that replays them.

    python dbos_steps.py FOLDER COUNT

Prints one JSON object. Recovery is measured twice: from asking for it to having the result, which DBOS looks for once
a second, and inside the workflow, which leaves that wait out. SQLite's settings are those that DBOS chooses: a rollback
journal with `synchronous = FULL`, so every step waits for the disk.
"""

from __future__ import annotations

import importlib.metadata
import json
import sqlite3
import statistics
import sys
import time
from pathlib import Path

from dbos import DBOS, SetWorkflowID

_ran = 0
_took: list[float] = []

FOLDER = Path(sys.argv[1])
DBOS(
    config={
        "name": "bench",
        "system_database_url": f"sqlite:///{FOLDER}/system.db",
        "log_level": "ERROR",
        "run_admin_server": False,
    }
)


@DBOS.step()
def step(n: int) -> int:
    global _ran
    _ran += 1
    return n + 1


@DBOS.workflow()
def steps(count: int) -> int:
    start = time.perf_counter()
    total = 0
    for n in range(count):
        total += step(n)
    _took.append(time.perf_counter() - start)
    return total


def main() -> None:
    """Measure three times, and print the medians."""
    count = int(sys.argv[2])
    DBOS.launch()
    live, replayed, recovered = [], [], []
    for number in range(3):
        workflow = f"steps-{number}"
        with SetWorkflowID(workflow):
            total = steps(count)
        live.append(count / _took[-1])
        with sqlite3.connect(FOLDER / "system.db") as database:  # as if the process had been killed before the end
            database.execute(
                "UPDATE workflow_status SET status = 'PENDING', output = NULL WHERE workflow_uuid = ?", (workflow,)
            )
        database.close()
        ran = _ran
        start = time.perf_counter()
        (handle,) = DBOS._recover_pending_workflows()
        if handle.get_result() != total or _ran != ran:
            raise SystemExit("DBOS did not replay")
        recovered.append(count / (time.perf_counter() - start))
        replayed.append(count / _took[-1])
    rates = {"live": live, "replayed": replayed, "recovered": recovered}
    medians = {name: statistics.median(found) for name, found in rates.items()}
    print(json.dumps({"version": importlib.metadata.version("dbos"), **medians}))
    DBOS.destroy()


if __name__ == "__main__":
    main()
