"""Lets aiokafka read records whose headers have names that are no UTF-8.

Such names are bytes to Kafka and to most clients; aiokafka 0.14 raises when it reads one, each time
anew, so that nobody could read on past one record. Nothing of ours looks at headers of the log.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


class _Text(bytearray):
    """Bytes of which each part can be read as text."""

    def __getitem__(self, index: int | slice) -> "int | _Text":  # type: ignore[override]  # a string, as a list of headers
        part = super().__getitem__(index)
        return part if isinstance(part, int) else _Text(part)

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, "replace")


class _Batch(_DefaultRecordBatchPy):
    _buffer: bytearray

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = _Text(self._buffer)


class _InPython(_MemoryRecordsPy):
    def __init__(self, raw: bytes, offset: int) -> None:
        super().__init__(raw)
        while self._next_slice and _Batch(self._next_slice).next_offset <= offset:
            self._cache_next()

    def next_batch(self) -> _Batch:
        batch = _Batch(self._next_slice)
        self._cache_next()
        return batch


class _Records(fetcher.MemoryRecords):
    def __init__(self, raw: bytes) -> None:
        super().__init__(raw)
        self.raw = raw


class _PartitionRecords(fetcher.PartitionRecords):
    _records: Any

    def _unpack_records(self) -> Iterator[object]:
        try:
            yield from super()._unpack_records()
        except UnicodeDecodeError:
            # The same bytes again, slowly; the records that were read already are passed over.
            self._records = _InPython(self._records.raw, self.next_fetch_offset)
            yield from super()._unpack_records()


def tolerate_any_names() -> None:
    """Make every consumer of this process read such records too; calling it again is harmless."""
    fetcher.MemoryRecords = _Records
    fetcher.PartitionRecords = _PartitionRecords
