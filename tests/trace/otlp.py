"""Whether data is what OTLP's JSON mapping wants: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding."""

from __future__ import annotations

import re

SPAN = {
    "traceId", "spanId", "parentSpanId", "traceState", "flags", "name", "kind", "startTimeUnixNano", "endTimeUnixNano",
    "attributes", "droppedAttributesCount", "events", "droppedEventsCount", "links", "droppedLinksCount", "status",
}  # fmt: skip
"""The fields of opentelemetry.proto.trace.v1.Span, in lowerCamelCase."""


def check_value(value):
    """An AnyValue: exactly one member, 64-bit numbers as decimal strings."""
    ((kind, inside),) = value.items()
    if kind == "arrayValue":
        for item in inside["values"]:
            check_value(item)
        return
    wanted = {"stringValue": str, "boolValue": bool, "intValue": str, "doubleValue": (float, str)}[kind]
    assert isinstance(inside, wanted)
    if kind == "intValue":
        assert re.fullmatch(r"-?\d+", inside)
        assert -(2**63) <= int(inside) < 2**63


def check_attributes(attributes):
    keys = [attribute["key"] for attribute in attributes]
    assert len(set(keys)) == len(keys), "attribute keys are unique"
    for attribute in attributes:
        assert set(attribute) == {"key", "value"}
        check_value(attribute["value"])


def checked(request):
    """All spans of a request, after checking each."""
    assert set(request) == {"resourceSpans"}
    (resource,) = request["resourceSpans"]
    check_attributes(resource["resource"]["attributes"])
    (scope,) = resource["scopeSpans"]
    assert set(scope["scope"]) == {"name", "version"}
    spans = scope["spans"]
    ids = [span["spanId"] for span in spans]
    assert len(set(ids)) == len(ids)
    for span in spans:
        assert set(span) <= SPAN
        assert re.fullmatch("[0-9a-f]{32}", span["traceId"])
        assert span["traceId"].strip("0")
        assert re.fullmatch("[0-9a-f]{16}", span["spanId"])
        assert span["spanId"].strip("0")
        assert span["name"]
        assert span["kind"] in (1, 2, 3, 4, 5)
        start, end = span["startTimeUnixNano"], span["endTimeUnixNano"]
        assert isinstance(start, str)
        assert isinstance(end, str)
        assert int(start) <= int(end)
        check_attributes(span["attributes"])
        for event in span.get("events", []):
            assert set(event) == {"timeUnixNano", "name", "attributes"}
            assert int(start) <= int(event["timeUnixNano"]) <= int(end)
            check_attributes(event["attributes"])
        if "status" in span:
            assert span["status"]["code"] in (0, 1, 2)
    roots = [span for span in spans if "parentSpanId" not in span]
    assert len(roots) == 1
    assert all(span["parentSpanId"] in ids for span in spans if span is not roots[0])
    assert len({span["traceId"] for span in spans}) == 1
    return spans


def attributes_of(span):
    return {attribute["key"]: next(iter(attribute["value"].values())) for attribute in span["attributes"]}
