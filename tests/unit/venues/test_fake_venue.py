import pytest

from tests.support.contracts import VenueContract
from tests.support.fakes import FakeVenue


class TestFakeVenue(VenueContract):
    @pytest.fixture
    def venue(self):
        return FakeVenue()

    @pytest.fixture
    def hasty_venue(self, venue):
        return venue
