"""C functions that compiled code calls directly where the types of the arguments are known.

The bodies in `numbers.py` check what they are given first; that costs five times the operation.
"""

from math import cos, exp, sin, sqrt, tan

absolute = abs
least = min
greatest = max

__all__ = ["absolute", "cos", "exp", "greatest", "least", "sin", "sqrt", "tan"]
