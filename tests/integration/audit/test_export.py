"""`engine events export`: every record once, and nothing of anybody else harmed."""

import csv
import json
from datetime import datetime

import pyarrow.parquet as pq
import pytest

from audit.state import alone
from tests.integration.audit.exported import FORMATS, held
from tests.integration.audit.world import routed

pytestmark = pytest.mark.integration


@pytest.fixture
def some(world):
    """Return what tells a life that is interleaved with another, and what is no event."""

    async def tell():
        one, other = world.id_in(0), world.id_in(3)
        await world.tell((0, world.placed(one)), (0.5, world.placed(other)), (1, routed(one)))
        await world.append((1, b"k", b'not, JSON\n"', 2), (2, None, b"\xff\xfe", 3))
        return one, other

    return tell


@pytest.mark.parametrize("form", FORMATS)
async def test_each_record_is_there_once_and_a_later_run_adds_what_is_new(
    world, some, tmp_path, form
):
    out = tmp_path / "log"
    await some()
    told = await world.run("events", "export", "--format", form, "--out", out)
    assert (told.exit_code, told.output) == (0, f"{out} holds 5 records, the log to its end\n")
    places = [(0, 0), (3, 0), (0, 1), (1, 0), (2, 0)]
    assert [place[:2] for place in held(out, form)] == places
    again = await world.run("events", "export", "--format", form, "--out", out)
    assert again.output == told.output
    assert [place[:2] for place in held(out, form)] == places
    await some()
    later = await world.run("events", "export", "--format", form, "--out", out)
    assert "holds 10 records" in later.output
    assert len({place[:2] for place in held(out, form)}) == len(held(out, form)) == 10


async def test_the_columns_of_a_table(world, some, tmp_path):
    one, _ = await some()
    for form in ("csv", "parquet"):
        await world.run("events", "export", "--format", form, "--out", tmp_path / form)
    [part] = (tmp_path / "parquet").iterdir()
    rows = pq.read_table(part).to_pylist()
    with (tmp_path / "csv").open(newline="") as file:
        texts = list(csv.DictReader(file))
    assert [*texts[0]] == [*rows[0]]
    placed, text = rows[0], texts[0]
    assert (placed["order_id"], placed["type"], placed["version"]) == (one, "OrderPlaced", 1)
    assert (placed["admitted"], placed["flaw"], text["admitted"]) == (True, None, "true")
    assert placed["appended_at"] == world.at(0)
    assert datetime.fromisoformat(text["appended_at"]) == world.at(0)
    assert json.loads(placed["value"]) == json.loads(text["value"])
    assert (rows[3]["flaw"], rows[3]["value"]) == ("NOT_AN_EVENT", 'not, JSON\n"')
    assert texts[3]["value"] == 'not, JSON\n"'
    assert (rows[4]["value"], rows[4]["value_base64"], rows[4]["key"]) == (None, "//4=", None)


async def test_what_was_written_in_vain_is_cut_off(world, some, tmp_path):
    for form in ("jsonl", "csv"):
        out = tmp_path / form
        await some()
        await world.run("events", "export", "--format", form, "--out", out)
        whole = out.read_bytes()
        out.write_bytes(whole + b'{"partition":0,"off')
        await world.run("events", "export", "--format", form, "--out", out)
        assert out.read_bytes() == whole


async def test_a_part_written_in_vain_is_removed(world, some, tmp_path):
    await some()
    out = tmp_path / "log"
    await world.run("events", "export", "--format", "parquet", "--out", out)
    (out / "part-000001.parquet").write_bytes(b"half a pa")
    (out / "part-000001.new").write_bytes(b"ha")
    await world.run("events", "export", "--format", "parquet", "--out", out)
    assert [file.name for file in out.iterdir()] == ["part-000000.parquet"]


@pytest.mark.parametrize("form", FORMATS)
async def test_fresh_begins_anew(world, some, tmp_path, form):
    out = tmp_path / "log"
    await some()
    await world.run("events", "export", "--format", form, "--out", out)
    told = await world.run("events", "export", "--format", form, "--out", out, "--fresh")
    assert (told.exit_code, len(held(out, form))) == (0, 5)


async def test_what_is_there_already_is_left_alone(world, some, tmp_path):
    await some()
    out = tmp_path / "mine.txt"
    out.write_text("mine")
    told = await world.run("events", "export", "--out", out, "--fresh")
    assert (told.exit_code, out.read_text()) == (2, "mine")
    assert "is there already and no export" in told.output
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").write_text("mine")
    told = await world.run("events", "export", "--format", "parquet", "--out", tmp_path / "folder")
    assert told.exit_code == 2


async def test_a_file_does_not_become_a_folder_nor_the_other_way_round(world, some, tmp_path):
    await some()
    for form, other, kind in (("csv", "parquet", "a file"), ("parquet", "jsonl", "a folder")):
        export = ("events", "export", "--out", tmp_path / form, "--format")
        await world.run(*export, form)
        told = await world.run(*export, other, "--fresh")
        assert (told.exit_code, f"is {kind}, which {other}" in told.output) == (2, True)
        assert len(held(tmp_path / form, form)) == 5


async def test_an_export_of_something_else_is_a_sentence(world, some, tmp_path):
    await some()
    out = tmp_path / "log"
    export = ("events", "export", "--out", out)
    await world.run(*export)
    assert "begin anew with --fresh" in (await world.run(*export, "--format", "csv")).output
    state = tmp_path / "log.state.json"
    state.write_text(state.read_text().replace('"following":[2', '"following":[99'))
    assert "it is another log" in (await world.run(*export)).output
    state.write_text("{}")
    for again in (export, (*export, "--fresh")):
        told = (await world.run(*again)).output
        assert "is no state of an export: choose another --out" in told
    told = await world.run("events", "export", "--out", tmp_path / "missing" / "log")
    assert (told.exit_code, "there is no folder" in told.output) == (2, True)


async def test_output_that_was_tampered_with_is_a_sentence(world, some, tmp_path):
    await some()
    out = tmp_path / "log"
    await world.run("events", "export", "--out", out)
    out.write_bytes(out.read_bytes()[:-1])
    told = await world.run("events", "export", "--out", out)
    assert (told.exit_code, "is shorter than what was exported" in told.output) == (2, True)


@pytest.mark.parametrize("form", FORMATS)
async def test_fresh_leaves_an_export_alone_that_is_under_way(world, some, tmp_path, form):
    out = tmp_path / "log"
    export = ("events", "export", "--format", form, "--out", out)
    await some()
    await world.run(*export)
    before = held(out, form)
    with alone(out):
        told = await world.run(*export, "--fresh")
    assert (told.exit_code, "Another export is at work" in told.output) == (2, True)
    assert "holds 5 records" in (await world.run(*export)).output
    assert held(out, form) == before


async def test_two_at_once_are_not_let(world, some, tmp_path):
    await some()
    out = tmp_path / "log"
    out.touch()
    with alone(out):
        told = await world.run("events", "export", "--out", out)
    assert (told.exit_code, "Another export is at work" in told.output) == (2, True)
