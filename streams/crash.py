"""For tests of reliability: points before and after what a venue is asked to do."""

from collections.abc import Mapping

from orders.errors import Reason
from orders.ports import Refused, Unknown, Venue, Void
from orders.values import Execution, Fill, Quote, Terms, VenueName
from runtime.crash import Reached, go_on


class CrashingVenue:
    """A venue whose caller may be killed just before or just after an effect."""

    def __init__(self, venue: Venue, reached: Reached) -> None:
        self._venue = venue
        self._reached = reached

    @property
    def name(self) -> VenueName:
        """Return the venue's name."""
        return self._venue.name

    async def quote(self, terms: Terms, attempt: int) -> Quote | Reason:
        """Return the venue's quote."""
        return await self._venue.quote(terms, attempt)

    async def execute(self, execution: Execution) -> Fill | Refused | Unknown:
        """Send the swap, with a point on either side."""
        self._reached("before-execute")
        answer = await self._venue.execute(execution)
        self._reached("after-execute")
        return answer

    async def resolve(self, execution_id: str) -> Fill | Refused | Void | Unknown:
        """Ask what became of an execution id, with a point on either side."""
        self._reached("before-resolve")
        answer = await self._venue.resolve(execution_id)
        self._reached("after-resolve")
        return answer


def with_crash_points(
    venues: Mapping[VenueName, Venue], reached: Reached
) -> Mapping[VenueName, Venue]:
    """Return the venues with their points; as they are when nobody may kill this process."""
    if reached is go_on:
        return venues
    return {name: CrashingVenue(venue, reached) for name, venue in venues.items()}
