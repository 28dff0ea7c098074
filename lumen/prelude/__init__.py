"""Python bodies of the built-ins and of the operators that compiled code calls.

`registry.py` is the map: which name has its body in which module, with which parameters; nothing else needs
to be imported to know that. Modules are loaded when a program first needs one of their names, so a small
program starts fast; none imports anything slow when it loads.

Every body takes Lumen values, never changes an argument, and returns a fresh collection where a new one is
promised. Wrong types give a Failure in the words of `wrong.py`. Built-ins that call functions have a second,
`async`, form for callbacks that suspend (`higher_async.py`). Those that touch the world are made by
factories which take the run's World (`world.py`).
"""
