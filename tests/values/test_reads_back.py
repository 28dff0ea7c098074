"""What `print` shows of a value inside a container reads back as the same value."""

from hypothesis import given, settings
from hypothesis import strategies as st

import lumen
from lumen.values.display import represent
from lumen.values.equality import equal, to_key
from lumen.values.model import Err, Ok, Set

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.lists(inner, max_size=3).map(Set),
        st.lists(st.tuples(inner, inner), max_size=3).map(lambda pairs: {to_key(k): v for k, v in pairs}),
        inner.map(Ok),
        inner.map(Err),
    ),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(values, min_size=1, max_size=4))
def test_literals_read_back(several):
    result = lumen.run(f"cell main()\n  return {represent(several)}\nend\n")
    assert equal(result.value, several)
    assert [type(value) for value in result.value] == [type(value) for value in several]
