"""What the recorder does when something can not be written: the run never goes on unrecorded, nor fails for it."""

from __future__ import annotations

import pytest

from lumen.journal.blobs import BlobStore
from lumen.journal.errors import JournalStopped
from lumen.journal.history import history_of
from lumen.journal.recorder import Recorder
from lumen.journal.secrets import Scrubber
from lumen.journal.store import MemoryJournal
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output


def run(text, journal, **options):
    loader = Loader(Options(counting=True))
    unit = loader.load_program("main.lumen", text.encode())
    settings = Settings()
    settings.recorder = Recorder(journal, **options)
    return Run(loader, unit, Output(None, keep=True), settings).run()


@pytest.mark.parametrize(
    "does", ['write_file("{out}", repeat("x", 100000))', 'print(repeat("x", 100000))', 'emit repeat("x", 100000)']
)
def test_large_values_that_can_not_be_written(tmp_path, does):
    (tmp_path / "j.blobs").write_text("in the way")
    journal = MemoryJournal()
    journal.blobs = BlobStore(tmp_path / "j")
    out = tmp_path / "out"
    with pytest.raises(JournalStopped) as caught:
        run(f"cell main()\n  {does.replace('{out}', str(out))}\nend\n", journal)
    assert caught.value.error.code == "journal-unwritable"
    assert not out.exists()  # what is not in the journal is not done


def test_a_value_too_deep_to_be_written():
    deep = "cell main()\n  let mut v = [1]\n  for i in 0..1500\n    v = [v]\n  end\n  emit v\n  return v\nend\n"
    journal = MemoryJournal()
    assert run(deep, journal).report is None
    lines = journal.lines()
    form = {"$opaque": "<list: the value is nested deeper than 1000 levels>"}
    assert next(line["value"] for line in lines if line["event"] == "emit") == form
    assert lines[-1]["value"] == form


def test_secrets_are_in_no_line(monkeypatch):
    monkeypatch.setenv("SERVICE_TOKEN", "hunter22")
    journal = MemoryJournal()
    program = (
        'cell main()\n  let t = get_env("SERVICE_TOKEN")\n  print("token {t}")\n  emit {"a": [t]}\n'
        "  print(await vote(quorum: 2)\n    t\n    t\n  end)\n"
        '  print(len(t))\n  fail("no {t}")\nend\n'
    )
    outcome = run(program, journal, scrubber=Scrubber())
    assert outcome.report is not None
    assert "hunter22" in outcome.report.message
    assert [body for body in journal.bodies[1:] if "hunter22" in body] == []
    history = history_of(journal.lines())
    assert next(event.data["text"] for event in history.events if event.kind == "print") == "token [secret]"
    assert "no [secret]" in str(history.events[-1].data["failure"])
