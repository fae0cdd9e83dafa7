"""The OpenAPI document names every route and what it may answer."""


async def test_every_route_is_there_with_its_errors(document):
    operations = {
        f"{method.upper()} {path}": set(operation["responses"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    guarded = {"401", "403", "429"}
    placement = {"200", "400", "408", "409", "413", "500", "503", *guarded}
    assert operations == {
        "POST /api/orders/execute": {"202", *placement},
        "POST /orders": {"201", *placement},
        "GET /api/orders": {"200", "400", "500", "503", *guarded},
        "GET /orders": {"200", "400", "500", "503", *guarded},
        "GET /api/orders/{orderId}": {"200", "400", "404", "500", "503", *guarded},
        "DELETE /api/orders/{orderId}": {"202", "400", "404", "409", "500", "503", *guarded},
        "PATCH /api/orders/{orderId}": {
            *("200", "202", "400", "404", "408", "409", "412", "413", "428", "500", "503"),
            *guarded,
        },
        "POST /api/orders/cancel": {"207", "400", "408", "413", "500", "503", *guarded},
        "GET /api/orders/{orderId}/events": {"200", "400", "404", "500", "503", *guarded},
        "GET /api/orders/{orderId}/explain": {"200", "400", "404", "500", "503", *guarded},
        "POST /api/orders": {"202", *placement},
        "POST /api/orders/batch": {"207", "400", "408", "413", "500", "503", *guarded},
        "POST /api/orders/preview": {"200", "400", "408", "413", "500", "503", *guarded},
        "GET /api/events": {"200", "400", "404", "410", "500", "503", *guarded},
        "GET /api/market/prices": {"200", "400", "500", "503", *guarded},
        "GET /problems/{name}": {"200", "404", "500", "503"},
        "GET /metrics": {"200", "400", "500", "503", *guarded},
        "GET /health": {"200", "500", "503"},
        "GET /api/health": {"200", "500", "503"},
    }
