"""Data at run time: what a Lumen value is in memory.

`Int Float Bool Null String Bytes list tuple map` are Python's own objects; sets, records, variants and
results are the classes of `model.py`. All values are immutable to the program. Compiled code may change a
list, dict, Set or record in place only while it has proved that nobody else holds it; so nothing in this
room (or in the prelude) keeps or returns an argument where a new collection is promised.

* `equality.py`  what `==` means, hashing that agrees with it, and `Key`, which makes any value a map key
* `model.py`     Set, Record, Variant, `ok`/`err`, Error, FutureState
* `display.py`   what `print` shows, and the names of types
* `errors.py`    Failure and how it looks as a value; `translate.py` turns Python's exceptions into it
* `convert.py`   Python and JSON in and out; `canonical.py` the one byte encoding of a value

This room is imported on every run: nothing here imports attrs, typing, re, json, … when it loads.
It knows no tasks, no files, no clock.
"""
