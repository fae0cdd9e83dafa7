from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from orders.ids import order_id_of
from orders.values import OrderId

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


def test_the_same_name_makes_the_same_order():
    # Fixed for ever: another id for an old name would be another order.
    assert order_id_of("ann", "my-1") == "8745b8e9-d206-5c47-9d1b-51cd0caf9e3b"


@given(TEXT, TEXT, TEXT, TEXT)
def test_only_the_same_name_makes_the_same_order(user, name, other_user, other_name):
    same = (user, name) == (other_user, other_name)
    assert (order_id_of(user, name) == order_id_of(other_user, other_name)) == same


@given(TEXT, TEXT)
def test_the_id_is_an_order_id(user, name):
    assert TypeAdapter(OrderId).validate_python(order_id_of(user, name))
