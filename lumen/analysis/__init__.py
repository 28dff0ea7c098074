"""Tree → facts: what every name means, which functions may suspend, what is certain about types, what is wrong.

In: the tree of one module, and the interfaces of those it imports. Out: an `Analysis`, whose tables are keyed by
node; nodes are never written to. The passes (`analyze.py`): names (`resolve.py`), types (`infer.py`), colour
(`colour.py`), checks (`checks/`), and the interface for other modules (`export.py`).

It does not check types (step 3): types are found only so that the compiler can leave out run-time tests, and where
nothing is certain it says so by saying nothing (how far annotations are believed: `promises.py`). It does not find
modules: the loader hands in their interfaces.
"""
