"""What a `@secret` field was given is in no line of a journal that is written after it."""

from lumen import Interpreter

PROGRAM = """
record Login(user: String, @secret password: String) end
cell main()
  let words = ["hunter2", "correct horse"]
  let mut login = Login("ann", words[0])
  print(login.password)
  login.password = words[1]
  print("the {words[1]}!")
  emit [words[1]]
  write_file("PATH", login.password)
  return words
end
"""


def test_secrets_of_fields_are_in_no_later_line(tmp_path):
    path = tmp_path / "out.txt"
    journal = tmp_path / "run.jsonl"
    result = Interpreter(use_cache=False, deterministic=True).run(
        source=PROGRAM.replace("PATH", str(path)), record=str(journal)
    )
    assert result.output == "hunter2\nthe correct horse!\n"
    assert path.read_text() == "correct horse"
    header, *lines = journal.read_text().splitlines()
    assert '["hunter2", \\"correct horse\\"]'.replace("\\", "") in header.replace("\\", "")  # the program's own text
    assert sum("[secret]" in line for line in lines) == 5
    assert not [line for line in lines if "hunter2" in line or "correct horse" in line]
