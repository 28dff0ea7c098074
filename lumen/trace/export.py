"""A run as OpenTelemetry spans in OTLP/JSON: `lumen trace export --format otlp-json`.

The mapping is that of OTLP 1.x over HTTP with JSON: ids in hex, 64-bit numbers as strings, enums as numbers, absent
fields left out. Ids are derived from the journal's own hash, so an export can be repeated, and sending it twice gives
one trace, not two. Calls of models carry the GenAI attributes of OpenTelemetry's semantic conventions.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lumen.trace.forms import FormText
from lumen.trace.scene import FailureData, Item, Lane, Scene, decision_in_words, failure_of, scene_of

if TYPE_CHECKING:
    from lumen.journal.history import History

_INTERNAL, _CLIENT = 1, 3
_ERROR = 2
_SCOPE = "lumen.trace"
_VALUE_CHARS = 2_000


def otlp_json(history: History) -> dict[str, Any]:
    """The `ExportTraceServiceRequest` of a run, as data for `json.dump`."""
    return _Export(scene_of(history)).request()


class _Export:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        history = self.history = scene.history
        self.forms = FormText(history.blobs, _VALUE_CHARS)
        # The last chain stands for every byte of the journal.
        chains = (event.data.get("chain") for event in reversed(history.events) if event.index < 0)
        self.chain = str(next((chain for chain in chains if chain), repr(history.header)))
        self.trace_id = self._hex("trace", 32)
        self.run_id = self._hex("run", 16)
        self.epoch_ns = _epoch_ns(history.header)
        self.end_ns = history.duration_ns

    def request(self) -> dict[str, Any]:
        """All spans, the run's first."""
        header = self.history.header
        resource = [
            _attribute("service.name", str(header.get("main") or "lumen")),
            _attribute("telemetry.sdk.name", "lumen"),
            _attribute("telemetry.sdk.language", "lumen"),
            _attribute("telemetry.sdk.version", str(header.get("language") or "")),
        ]
        spans = [self._run_span()]
        for lane in self.scene.lanes:
            spans.append(self._lane_span(lane))
            spans += [self._call_span(lane, item) for item in lane.calls()]
        scope = {"name": _SCOPE, "version": str(header.get("language") or "")}
        return {
            "resourceSpans": [
                {"resource": {"attributes": resource}, "scopeSpans": [{"scope": scope, "spans": spans}]},
            ]
        }

    # --- spans -----------------------------------------------------------------------------------------------------

    def _run_span(self) -> dict[str, Any]:
        history = self.history
        header = history.header
        attributes = [
            _attribute("lumen.mode", "deterministic" if history.is_virtual else "eager"),
            _attribute("lumen.program.hash", str(header.get("program") or "")),
            _attribute("lumen.events", len(history.events)),
            _attribute("lumen.tasks", len(history.tasks)),
        ]
        if header.get("seed") is not None:
            attributes.append(_attribute("lumen.seed", header["seed"]))
        if header.get("input"):
            attributes.append(_attribute("lumen.input", self.forms.line(header["input"])))
        name = f"{header.get('main') or 'lumen'} {self.scene.entry}"
        span = self._span(self.run_id, None, name, _INTERNAL, 0, self.end_ns, attributes)
        end = history.end
        failure = None if end is None else failure_of(end.data)
        if end is None:
            attributes.append(_attribute("lumen.unfinished", True))
        elif failure is not None:
            self._fail(span, failure)
        elif end.data.get("value") is not None:
            attributes.append(_attribute("lumen.value", self.forms.line(end.data["value"])))
        span["events"] = [self._event(item) for item in self.scene.loose]
        return _without_empty(span)

    def _lane_span(self, lane: Lane) -> dict[str, Any]:
        attributes = [_attribute("lumen.task", lane.number), _attribute("lumen.kind", lane.kind)]
        attributes += _place(lane.site)
        if lane.mark is not None:
            attributes.append(_attribute("lumen.outcome", lane.mark))
        decision = lane.span.decision
        if decision is not None:
            words = decision_in_words(lane.span.kind, decision.data.get("result"))
            attributes.append(_attribute("lumen.decision", words))
        if lane.end_at is None:
            attributes.append(_attribute("lumen.unfinished", True))
        parent = self.run_id if lane.parent is None else self._lane_id(lane.parent)
        name = lane.label(self.scene.entry)
        span = self._span(self._lane_id(lane), parent, name, _INTERNAL, lane.start_ns, lane.end_ns, attributes)
        if lane.inner.outcome == "failure":
            span["status"] = {"code": _ERROR}
        span["events"] = [self._event(item) for item in lane.items if item.is_moment and item.kind != "aside"]
        return _without_empty(span)

    def _call_span(self, lane: Lane, item: Item) -> dict[str, Any]:
        data = item.event.data
        kind, name = str(data.get("kind")), str(data.get("name") or data.get("kind"))
        attributes = [
            _attribute("lumen.ask", data.get("id")),
            _attribute("lumen.ask.kind", kind),
            _attribute("lumen.tool", name),
            _attribute("lumen.input", self.forms.line(data.get("input"))),
            *_place(data.get("site")),
        ]
        answer = {} if item.answer is None else item.answer.data
        if "value" in answer:
            attributes.append(_attribute("lumen.output", self.forms.line(answer["value"])))
        if item.outcome == "cancelled":
            attributes.append(_attribute("lumen.outcome", "cancelled"))
        if item.answer is None:
            attributes.append(_attribute("lumen.unfinished", True))
        if name.startswith("llm."):
            name, more = _gen_ai(name, data.get("input"), answer.get("value"))
            attributes += more
        span_id = self._hex(f"ask {data.get('id')}", 16)
        span = self._span(span_id, self._lane_id(lane), name, _CLIENT, item.start_ns, item.end_ns, attributes)
        failure = failure_of(answer)
        if failure is not None:
            self._fail(span, failure)
        return span

    def _span(
        self,
        span_id: str,
        parent: str | None,
        name: str,
        kind: int,
        start_ns: int | None,
        end_ns: int | None,
        attributes: list[dict[str, Any]],
    ) -> dict[str, Any]:
        span: dict[str, Any] = {"traceId": self.trace_id, "spanId": span_id}
        if parent is not None:
            span["parentSpanId"] = parent
        span["name"] = name
        span["kind"] = kind
        span["startTimeUnixNano"] = str(self.epoch_ns + (start_ns or 0))
        span["endTimeUnixNano"] = str(self.epoch_ns + (self.end_ns if end_ns is None else end_ns))
        span["attributes"] = attributes
        return span

    @staticmethod
    def _fail(span: dict[str, Any], failure: FailureData) -> None:
        span["status"] = {"code": _ERROR, "message": str(failure)}
        span["attributes"].append(_attribute("error.type", failure.code))

    def _event(self, item: Item) -> dict[str, Any]:
        data = item.event.data
        attributes = [_attribute("lumen.seq", item.event.seq)]
        for name in ("text", "value", "result", "name", "input", "what"):
            if data.get(name) is not None:
                shown = data[name] if isinstance(data[name], str) else self.forms.line(data[name])
                attributes.append(_attribute(f"lumen.{name}", shown))
        time = str(self.epoch_ns + item.start_ns)
        return {"timeUnixNano": time, "name": item.kind, "attributes": attributes}

    # --- ids -------------------------------------------------------------------------------------------------------

    def _lane_id(self, lane: Lane) -> str:
        return self._hex(f"task {lane.number}", 16)

    def _hex(self, what: str, digits: int) -> str:
        """Never all zeros: that is how OpenTelemetry writes "no id"."""
        found = hashlib.sha256(f"{self.chain} {what}".encode()).hexdigest()[:digits]
        return found if found.strip("0") else found[:-1] + "1"


def _attribute(key: str, value: Any) -> dict[str, Any]:
    """A KeyValue, by the JSON mapping of protobuf."""
    if isinstance(value, bool):
        typed: dict[str, Any] = {"boolValue": value}
    elif isinstance(value, int) and -(2**63) <= value < 2**63:
        typed = {"intValue": str(value)}
    elif isinstance(value, float):
        typed = {"doubleValue": value if value - value == 0 else str(value).replace("inf", "Infinity")}
    elif isinstance(value, list):
        typed = {"arrayValue": {"values": [_attribute("", item)["value"] for item in value]}}
    else:
        typed = {"stringValue": str(value)}
    return {"key": key, "value": typed}


def _place(site: Any) -> list[dict[str, Any]]:
    if not isinstance(site, list) or len(site) < 3:
        return []
    return [
        _attribute("code.file.path", str(site[0])),
        _attribute("code.line.number", site[1]),
        _attribute("code.column.number", site[2]),
    ]


def _without_empty(span: dict[str, Any]) -> dict[str, Any]:
    if not span["events"]:
        del span["events"]
    return span


_REQUEST = ("temperature", "top_p", "top_k", "max_tokens", "frequency_penalty", "presence_penalty", "seed")
_OPERATIONS = {"chat": "chat", "complete": "text_completion", "embed": "embeddings", "generate": "generate_content"}


def _gen_ai(tool: str, given: Any, value: Any) -> tuple[str, list[dict[str, Any]]]:
    """Span name and attributes of a model call, by the semantic conventions for GenAI."""
    last = tool.rpartition(".")[2]
    operation = _OPERATIONS.get(last, last)
    given = given if isinstance(given, dict) else {}
    out = [_attribute("gen_ai.operation.name", operation)]
    model = given.get("model")
    if isinstance(model, str):
        out.append(_attribute("gen_ai.request.model", model))
    if isinstance(given.get("provider"), str):
        out.append(_attribute("gen_ai.provider.name", given["provider"]))
    for name in _REQUEST:
        setting = given.get(name)
        if isinstance(setting, int | float) and not isinstance(setting, bool):
            out.append(_attribute(f"gen_ai.request.{name}", setting))
    answer = _members(value)
    if isinstance(answer.get("model"), str):
        out.append(_attribute("gen_ai.response.model", answer["model"]))
    usage = _members(answer.get("usage"))
    for name, aliases in (("input_tokens", ("prompt_tokens",)), ("output_tokens", ("completion_tokens",))):
        for alias in (name, *aliases):
            if isinstance(usage.get(alias), int):
                out.append(_attribute(f"gen_ai.usage.{name}", usage[alias]))
                break
    return f"{operation} {model}" if isinstance(model, str) else operation, out


def _members(form: Any) -> dict[str, Any]:
    """A map or record in the journal's form, as a dict."""
    if not isinstance(form, dict):
        return {}
    try:
        if "$map" in form:
            return {key: item for key, item in form["$map"] if isinstance(key, str)}
        if "$record" in form:
            return dict(form["$record"][1])
    except (TypeError, ValueError, IndexError):
        return {}
    return form


def _epoch_ns(header: dict[str, Any]) -> int:
    """When the run began, in nanoseconds since 1970; 0 if the journal doesn't say."""
    recorded = header.get("recorded")
    at = recorded.get("at") if isinstance(recorded, dict) else None
    if not isinstance(at, str):
        return 0
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return max(0, (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000)
