import pytest

from tests.support.contracts import VenueContract

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("name", ["RAYDIUM", "METEORA"], scope="class")
class TestDexOnTheLedger(VenueContract):
    @pytest.fixture
    async def venue(self, name, opened):
        async with opened() as venues:
            yield venues[name]

    @pytest.fixture
    async def hasty_venue(self, name, opened):
        async with opened(execute_timeout_ms=100) as venues:
            yield venues[name]
