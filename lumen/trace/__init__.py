"""Everything that shows a recorded run: pure functions from a `History` to text, HTML or JSON.

`scene` lays a history out as lanes, one for each task, with what happened in it; `show` draws the scene on a terminal,
`timeline` as an HTML page (whose parts are in `page/`), `export` as OpenTelemetry spans. `stats` counts. `diff`
compares two histories event by event, in the words of `words`. `forms` writes values: it works on what the file holds,
so that a value that is missing or of a later version doesn't keep the rest from being shown.

What it does not do: run anything, read or write files, or know the command line.
"""
