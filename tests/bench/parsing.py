"""Lines parsed per second, cold: one parse in a process of its own, the start of Python not counted."""

from __future__ import annotations

import statistics
import subprocess
import sys

from tests.bench.measure import Row

LINES = 10_000
BLOCK = """
record Order{i}(id: Int, item: String, price: Float = 1.5) end

# The price of one order, with the discount of its customer.
cell total_{i}(orders: list[Order{i}], rate: Float) -> Float
  let mut sum = 0.0
  for order in orders
    if order.price > 10.0 and order.item != "gift"
      sum = sum + order.price * (1.0 - rate)
    else
      sum = sum + order.price
    end
  end
  let label = "total of {length(orders)} orders: {sum:.2f}"
  print(label, upper("done"))
  match sum
    0.0 -> print("nothing")
    _ -> print(label)
  end
  return round(sum * 100.0) / 100.0
end
"""

CHILD = """
import sys, time
from lumen.source.file import SourceFile
text = sys.stdin.read()
start = time.perf_counter()
from lumen.syntax.parse import parse_module
result = parse_module(SourceFile("bench.lumen", text))
seconds = time.perf_counter() - start
assert not result.diagnostics, result.diagnostics[0]
print(seconds)
"""


def program(lines: int) -> str:
    """An ordinary program of about so many lines."""
    size = BLOCK.count("\n")
    return "".join(BLOCK.replace("{i}", str(i)) for i in range(lines // size + 1))


def run(quick: bool) -> list[Row]:
    """Lines a second, the import of the parser and the loading of its tables included."""
    text = program(LINES)
    lines = text.count("\n")
    seconds = [
        float(
            subprocess.run([sys.executable, "-c", CHILD], input=text, text=True, check=True, capture_output=True).stdout
        )
        for _ in range(3 if quick else 5)
    ]
    return [
        Row("parse: lines/s", "10,000 lines cold", lines / statistics.median(seconds), 10_000, at_most=False, unit="")
    ]
