"""What is secret is in no line, and hiding it never makes two equal things differ."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumen.journal.secrets import SHOWN, Scrubber
from lumen.journal.values import encode_value
from lumen.values.model import make_record


def knowing(*secrets):
    scrubber = Scrubber()
    for secret in secrets:
        scrubber.remember(secret)
    return scrubber


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("OPENAI_API_KEY", True),
        ("GITHUB_TOKEN", True),
        ("github-token", True),
        ("DB_PASSWORD", True),
        ("DB_PASSWD", True),
        ("AWS_SECRET_ACCESS", True),
        ("GOOGLE_CREDENTIALS", True),
        ("BASIC_AUTH", True),
        ("APIKEY", True),
        ("SSH_KEYS", True),
        ("PATH", False),
        ("HOME", False),
        ("GIT_AUTHOR_NAME", False),
        ("TOKENIZERS_PARALLELISM", False),
        ("KEYBOARD", False),
        ("", False),
    ],
)
def test_names_of_variables(name, is_secret):
    scrubber = Scrubber()
    assert scrubber.is_secret_variable(name) is is_secret
    assert scrubber.is_secret_variable(name) is is_secret


@pytest.mark.parametrize(
    "key",
    ["authorization", "Authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "X-API-Key", "api_key", "apiKey",
     "password", "token", "secret"],
)  # fmt: skip
def test_credentials_in_inputs(key):
    value = [{"headers": {key: "Bearer abc", "accept": "*/*"}}]
    text = encode_value(value, scrubber=Scrubber(), is_input=True, canonical=True)
    assert "abc" not in text
    assert "*/*" in text
    assert "abc" in encode_value(value, scrubber=Scrubber(), canonical=True)


def test_credentials_in_records_and_lists_of_them():
    login = make_record("Login", ("user", "password"))
    text = encode_value([login("ann", ["hunter22"])], scrubber=Scrubber(), is_input=True)
    assert text == '[{"$record":["Login",[["user","ann"],["password",{"$secret":true}]]]}]'


def test_no_credential_is_still_none():
    assert encode_value({"token": None}, scrubber=Scrubber(), is_input=True) == '{"token":null}'


def test_ordinary_keys():
    value = {"tokens": 5, "secretary": "Ann", "key": "k", "author": "x"}
    assert encode_value(value, scrubber=Scrubber(), is_input=True) == encode_value(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("hunter22", '"[secret]"'),
        ("postgres://ann:hunter22@db/x?hunter22", '"postgres://ann:[secret]@db/x?[secret]"'),
        (["a", ("hunter22",)], '["a",{"$tuple":["[secret]"]}]'),
        ({"hunter22": 1}, '{"$map":[["[secret]",1]]}'),
        ({"a": {"b": "hunter22"}}, '{"a":{"b":"[secret]"}}'),
        (b"x-hunter22-y", '{"$bytes":"eC1bc2VjcmV0XS15"}'),
        ("HUNTER22", '"HUNTER22"'),
    ],
)
def test_known_secrets_are_hidden_everywhere(value, text):
    assert encode_value(value, scrubber=knowing("hunter22")) == text


def test_keys_that_become_the_same_stay_apart():
    value = {"aaaa": 1, "bbbb": 2}
    text = encode_value(value, scrubber=knowing("aaaa", "bbbb"))
    assert text == '{"$map":[["[secret]",1],["[secret]",2]]}'


def test_a_secret_inside_another():
    assert knowing("abcd", "xxabcdxx").hide("xxabcdxx abcd") == "[secret] [secret]"
    assert knowing("xxabcdxx", "abcd").hide("xxabcdxx abcd") == "[secret] [secret]"


def test_lines_of_a_long_secret():
    key = "-----BEGIN KEY-----\nMIIEvQ\nAAAAAA\n-----END KEY-----\n"
    assert knowing(key).hide("it is MIIEvQ") == "it is [secret]"
    assert knowing(key).hide(key.strip()) == SHOWN


@pytest.mark.parametrize("value", ["abc", "", "true", "False", None, 12345, ["ab"], SHOWN, "secret", "[sec"])
def test_what_is_too_plain_to_hide(value):
    assert knowing(value).hide(f"x abc true False 12345 ab [secret] [sec {value}") == (
        f"x abc true False 12345 ab [secret] [sec {value}"
    )


def test_strings_within_a_remembered_value():
    record = make_record("R", ("a", "b"))
    scrubber = knowing({"k-key": ["list-item"], "z": record("rec-one", ("rec-two", b"byte-one"))})
    assert scrubber.hide("k-key list-item rec-one rec-two byte-one") == " ".join([SHOWN] * 5)


@settings(deadline=None)
@given(st.lists(st.text("abcret[]s", max_size=10), max_size=4), st.lists(st.text("abcret[]s \n"), max_size=4))
def test_hiding_twice_is_hiding_once(secrets, pieces):
    """A replay gets what was hidden already, and hides it again before it compares."""
    scrubber = knowing(*secrets)
    for text in ["".join(pieces), *pieces]:
        once = scrubber.hide(text)
        assert scrubber.hide(once) == once


@settings(deadline=None)
@given(st.text(min_size=8, max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_no_secret_is_left(secret, before, after):
    scrubber = knowing(secret)
    assert scrubber.hide(secret) != secret or secret.lower() in SHOWN
    hidden = scrubber.hide(before + secret + after)
    assert secret not in hidden.replace(SHOWN, "") or secret in before + after
