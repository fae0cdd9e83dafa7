"""How tests ask for other terms of an order."""

from tests.support.builders import ORDER_ID

PATH = f"/api/orders/{ORDER_ID}"


async def amend(api, document, seen="2", **headers):
    given = {"If-Match": seen} if seen else {}
    return await api.http.patch(PATH, json=document, headers={**given, **headers})
