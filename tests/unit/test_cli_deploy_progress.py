"""What a deploy tells: lines in a pipe, a list on a terminal."""

import io

from benchfleet.cli.deploy_progress import Shown, display
from rich.console import Console


def tell(shown: Shown) -> None:
    shown.step("stack benchfleet-dev")
    shown.resource("Table", "AWS::DynamoDB::Table", "create in progress")
    shown.resource("Table", "AWS::DynamoDB::Table", "create complete")
    shown.resource("Bucket", "AWS::S3::Bucket", "create failed")
    shown.note("a note with [brackets] and \x1b[31mescapes")


def test_in_a_pipe_each_resource_has_one_line_when_it_is_at_rest() -> None:
    out = io.StringIO()
    with display(Console(file=out, width=40)) as shown:
        tell(shown)
    first, table, bucket, note = out.getvalue().splitlines()
    assert (first, table) == ("==> stack benchfleet-dev", "    Table (AWS::DynamoDB::Table): create complete")
    assert bucket == "    Bucket (AWS::S3::Bucket): create failed"
    assert "[brackets]" in note
    assert "\x1b" not in out.getvalue()


def test_on_a_terminal_the_list_is_drawn_anew_and_failures_and_notes_stay_above_it() -> None:
    out = io.StringIO()
    with display(Console(file=out, width=100, force_terminal=True, _environ={"TERM": "xterm"})) as shown:
        tell(shown)
        shown.close()  # room for a question
        shown.step("keys")
    told = out.getvalue()
    assert told.count("create in progress") >= 1
    assert told.index("    Bucket (AWS::S3::Bucket): create failed") < told.index("a note with [brackets]")
    assert told.index("a note with") < told.index("==> keys")
