"""Holds the keys of the issuer, and looks again for one that a token names and nobody knows."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path

from api.access import AccessSettings
from api.errors import KEYS_UNAVAILABLE, Refusal
from api.keys import BadKeys, JudgingKey, is_address, read, secret_key

LOOK_AGAIN_S = 10.0
REFRESH_S = 600.0

logger = logging.getLogger(__name__)

Look = Callable[[], Awaitable[Sequence[JudgingKey]]]


class KeyRing:
    """The keys as they were seen last: while the issuer is away, those that are known go on.

    For a key that nobody knows it is asked at most every so many seconds, whoever names how many.
    """

    def __init__(self, look: Look, again_s: float = LOOK_AGAIN_S) -> None:
        self.seen = 0
        """How often the keys have changed: what they judged before has to be judged again."""
        self._look = look
        self._again_s = again_s
        self._keys: Sequence[JudgingKey] = ()
        self._looked_at: float | None = None
        self._turn = asyncio.Lock()
        self._away = False

    async def find(self, kid: str | None, algorithm: str) -> JudgingKey | None:
        """Return the key a token means, or None. Raises `Refusal` while no key is known at all."""
        found = self._known(kid, algorithm)
        if found is None:
            async with self._turn:
                found = self._known(kid, algorithm)
                if found is None and self._may_look:
                    await self._look_again()
                    found = self._known(kid, algorithm)
        if not self._keys:
            raise Refusal(KEYS_UNAVAILABLE, retry_after=timedelta(seconds=self._again_s))
        return found

    async def run(self) -> None:
        """Look from time to time until cancelled."""
        while True:
            async with self._turn:
                await self._look_again()
            await asyncio.sleep(self._again_s if self._away else REFRESH_S)

    def _known(self, kid: str | None, algorithm: str) -> JudgingKey | None:
        fitting = [
            key
            for key in self._keys
            if algorithm in key.algorithms and (key.kid is None or kid in {None, key.kid})
        ]
        named = [key for key in fitting if key.kid == kid]
        for some in (named, fitting):
            if len(some) == 1:
                return some[0]
        return None

    @property
    def _may_look(self) -> bool:
        now = asyncio.get_running_loop().time()
        return self._looked_at is None or now - self._looked_at >= self._again_s

    async def _look_again(self) -> None:
        self._looked_at = asyncio.get_running_loop().time()
        try:
            found = await self._look()
        except BadKeys as error:
            if not self._away:
                logger.warning("keys of tokens cannot be had", extra={"why": str(error)})
            self._away = True
            return
        except Exception:
            # Whatever the issuer says, the known keys go on, and it is asked again.
            logger.exception("keys of tokens cannot be had")
            self._away = True
            return
        if self._away:
            logger.info("keys of tokens are there again")
        self._away = False
        self.seen += 1
        self._keys = found


def key_ring(settings: AccessSettings) -> KeyRing:
    """Return the keys that the settings name."""
    place = settings.jwt_jwks
    if settings.jwt_secret is not None:
        keys = [secret_key(settings.jwt_secret.get_secret_value())]
        return KeyRing(_there(keys))
    if place is None:
        raise ValueError("tokens are judged by a secret or by a key set")
    if is_address(place):
        from api.key_fetch import fetched  # noqa: PLC0415  (httpx is slow, and rarely wanted)

        return KeyRing(fetched(place))
    return KeyRing(_from_file(Path(place)))


def _there(keys: Sequence[JudgingKey]) -> Look:
    async def look() -> Sequence[JudgingKey]:
        return keys

    return look


def _from_file(path: Path) -> Look:
    async def look() -> Sequence[JudgingKey]:
        return await asyncio.to_thread(read, path)

    return look
