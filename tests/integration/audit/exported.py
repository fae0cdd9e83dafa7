"""An export read back, whatever its format."""

import csv
import json

import pyarrow.parquet as pq

FORMATS = ("jsonl", "csv", "parquet")


def held(out, form):
    """Return partition, offset and value of every record in an export, as it is there."""
    match form:
        case "jsonl":
            lines = [json.loads(line) for line in out.read_text().splitlines()]
            return [(one["partition"], one["offset"], one.get("value")) for one in lines]
        case "csv":
            with out.open(newline="") as file:
                rows = list(csv.DictReader(file))
            return [(int(one["partition"]), int(one["offset"]), one["value"]) for one in rows]
        case _:
            rows = [
                row for part in sorted(out.iterdir()) for row in pq.read_table(part).to_pylist()
            ]
            return [(one["partition"], one["offset"], one["value"]) for one in rows]
