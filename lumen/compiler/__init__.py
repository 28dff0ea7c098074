"""Facts → code: an analysed module becomes a CPython code object that carries `.lumen` names, lines and columns.

`codegen` drives it, `function` holds the state of one function in the making, the `lower_*` files say what each node
becomes,
`pyast` builds Python nodes from source nodes, `cache` keeps the result on disk.

Nothing is imported here: a warm start loads `cache` alone.
"""
