"""A shop and a bank that write what they did to the file `LEDGER`, a line for each call."""

import os
import threading
from pathlib import Path

_writing = threading.Lock()


def charge(order: int, cents: int) -> str:
    """Take money; the receipt's number. Each call takes it."""
    _hang("charge", order, "early")
    return f"R{_write('charge', order, f'{cents} cents')}"


def pack(order: int, item: str) -> int:
    """Pack an order; the parcel's number. What is packed already stays as it is."""
    _write("pack", order, item)
    _hang("pack", order, "late")
    return 100 + order


def mail(order: int, text: str) -> None:
    """Write to the customer; a second letter with the same text is not delivered."""
    _write("mail", order, text)


def _write(what: str, order: int, text: str) -> int:
    """Add a line; how many of its kind there are."""
    ledger = Path(os.environ["LEDGER"])
    with _writing:
        with ledger.open("a", encoding="utf-8") as file:
            file.write(f"{what} {order} {text}\n")
        return sum(line.startswith(what) for line in ledger.read_text(encoding="utf-8").splitlines())


def _hang(what: str, order: int, when: str) -> None:
    """Never answer, if the demonstration wants this call to be under way when it kills the run."""
    if os.environ.get("HANGS") == f"{what} {order} {when}":
        threading.Event().wait()
