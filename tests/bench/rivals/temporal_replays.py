"""Temporal's Replayer on a history of 11 events: replays per second, and which changes of the workflow it notices.

    python temporal_replays.py COUNT

Prints one JSON object. The history is that of one workflow that calls one activity and returns what it answers, as a
server writes it, with the flags of a current SDK set: without them the Replayer compares less.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import temporalio
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

_MINUTE = timedelta(seconds=60)


@workflow.defn
class SayHello:
    @workflow.run
    async def run(self, name: str) -> str:
        return await workflow.execute_activity("say_hello", name, schedule_to_close_timeout=_MINUTE)


@workflow.defn(name="SayHello")
class OtherActivity:
    @workflow.run
    async def run(self, name: str) -> str:
        return await workflow.execute_activity("say_goodbye", name, schedule_to_close_timeout=_MINUTE)


@workflow.defn(name="SayHello")
class OtherArgument:
    @workflow.run
    async def run(self, name: str) -> str:
        return await workflow.execute_activity("say_hello", name + "!", schedule_to_close_timeout=2 * _MINUTE)


@workflow.defn(name="SayHello")
class OtherResult:
    @workflow.run
    async def run(self, name: str) -> str:
        await workflow.execute_activity("say_hello", name, schedule_to_close_timeout=_MINUTE)
        return "something else"


def _payload(value: object) -> dict[str, Any]:
    def encoded(data: bytes) -> str:
        return base64.b64encode(data).decode()

    return {
        "payloads": [
            {"metadata": {"encoding": encoded(b"json/plain")}, "data": encoded(json.dumps(value).encode())},
        ]
    }


def _history() -> WorkflowHistory:
    queue = {"name": "hello", "kind": "TASK_QUEUE_KIND_NORMAL"}
    run = "00000000-0000-4000-8000-000000000001"
    flags = {"coreUsedFlags": [1, 2, 3]}
    asked, answered = _payload("World"), _payload("Hello, World!")
    told: list[tuple[str, dict[str, Any]]] = [
        ("WorkflowExecutionStarted", {
            "workflowType": {"name": "SayHello"}, "taskQueue": queue, "input": asked, "workflowTaskTimeout": "10s",
            "originalExecutionRunId": run, "firstExecutionRunId": run, "attempt": 1,
        }),
        ("WorkflowTaskScheduled", {"taskQueue": queue, "startToCloseTimeout": "10s", "attempt": 1}),
        ("WorkflowTaskStarted", {"scheduledEventId": "2", "requestId": "r1"}),
        ("WorkflowTaskCompleted", {"scheduledEventId": "2", "startedEventId": "3", "sdkMetadata": flags}),
        ("ActivityTaskScheduled", {
            "activityId": "1", "activityType": {"name": "say_hello"}, "taskQueue": queue, "input": asked,
            "scheduleToCloseTimeout": "60s", "workflowTaskCompletedEventId": "4",
        }),
        ("ActivityTaskStarted", {"scheduledEventId": "5", "requestId": "r2", "attempt": 1}),
        ("ActivityTaskCompleted", {"scheduledEventId": "5", "startedEventId": "6", "result": answered}),
        ("WorkflowTaskScheduled", {"taskQueue": queue, "startToCloseTimeout": "10s", "attempt": 1}),
        ("WorkflowTaskStarted", {"scheduledEventId": "8", "requestId": "r3"}),
        ("WorkflowTaskCompleted", {"scheduledEventId": "8", "startedEventId": "9", "sdkMetadata": flags}),
        ("WorkflowExecutionCompleted", {"result": answered, "workflowTaskCompletedEventId": "10"}),
    ]  # fmt: skip
    events = []
    for number, (name, attributes) in enumerate(told, 1):
        kind = "EVENT_TYPE" + "".join(f"_{c}" if c.isupper() else c.upper() for c in name)
        member = f"{name[0].lower()}{name[1:]}EventAttributes"
        time_of = f"2026-01-01T00:00:{number:02d}Z"
        events.append({"eventId": str(number), "eventTime": time_of, "eventType": kind, member: attributes})
    return WorkflowHistory.from_json("hello-1", {"events": events})


async def _rate(replayer: Replayer, history: WorkflowHistory, count: int) -> float:
    async def histories() -> AsyncIterator[WorkflowHistory]:
        for _ in range(count):
            yield history

    start = time.perf_counter()
    await replayer.replay_workflows(histories(), raise_on_replay_failure=True)
    return count / (time.perf_counter() - start)


async def _is_caught(changed: type, history: WorkflowHistory) -> bool:
    replayer = Replayer(workflows=[changed], workflow_runner=UnsandboxedWorkflowRunner())
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return result.replay_failure is not None


async def main() -> None:
    """Measure, and print what was found."""
    count = int(sys.argv[1])
    logging.disable()
    history = _history()
    unsandboxed = Replayer(workflows=[SayHello], workflow_runner=UnsandboxedWorkflowRunner())
    sandboxed = Replayer(workflows=[SayHello], workflow_runner=SandboxedWorkflowRunner())
    await unsandboxed.replay_workflow(history)
    found = {
        "version": temporalio.__version__ if hasattr(temporalio, "__version__") else "",
        "unsandboxed": await _rate(unsandboxed, history, count),
        "sandboxed": await _rate(sandboxed, history, max(1, count // 2)),
        "caught": {
            "another activity": await _is_caught(OtherActivity, history),
            "another argument and timeout": await _is_caught(OtherArgument, history),
            "another result": await _is_caught(OtherResult, history),
        },
    }
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main())
