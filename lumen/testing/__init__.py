"""Tests of Lumen programs: found, run in virtual time, compared with themselves, recorded, explored.

`discover` finds files and the tests in them; `arguments` fills the parameters of a test from its case and from
fixtures; `door` decides what a test may reach; `runner` runs one test and says what became of it (`results`); `session`
runs many. `cassette` answers a test from its recording, matched by content with the help of `paths`; `recording` makes
one. `explore`, `schedules`, `shrink` and `exhaustive` search the schedules of a test, `exploring` lets them run one.
`report`, `junit`, `difference` and `tail` are what users read. `coverage` says which lines were run, `coverage_plugin`
tells coverage.py. `plugin` makes these tests tests of pytest, `fixture` is what tests written in Python get.

A test never reaches the world unless the user asks for a recording, and never passes by luck: each that passes is run
again, and both journals must be the same byte for byte.
"""
