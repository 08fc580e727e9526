"""An emulator that tells what its CPU goes to: `python -m benchmarks.watched_emulator --ready-file PATH`.

Each line on standard input is answered with one of JSON: CPU seconds by cause so far, and those of the whole process.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.causes import BOTOCORE, EXPRESSIONS, HTTP, MOTO, OWN, TABLES, WAY
from benchmarks.seams import Seams


def watch(seams: Seams) -> None:
    """Before any client is made, and before the emulator is."""
    import botocore.client
    import botocore.signers
    from chalice.app import RestAPIEventHandler

    from local_emulator import in_process
    from local_emulator.aws_endpoint import AwsEndpoint
    from local_emulator.cloud import Cloud
    from local_emulator.dynamodb import item_operations, page_operations
    from local_emulator.dynamodb.expressions.updates import Update
    from local_emulator.functions import Functions
    from local_emulator.http_handler import KeepAliveHandler

    cuts: list[tuple[Any, str, str]] = [
        (KeepAliveHandler, "handle_one_request", HTTP),
        (RestAPIEventHandler, "_get_view_function_response", OWN),
        (Functions, "call", OWN),
        (botocore.client.BaseClient, "_make_api_call", BOTOCORE),
        (botocore.signers, "generate_presigned_url", BOTOCORE),
        (in_process.InProcess, "_answer", WAY),
        (in_process.InProcess, "_head", WAY),
        (in_process.InProcess, "_send", WAY),
        (AwsEndpoint, "ask_dynamodb", TABLES),
        (item_operations, "condition", EXPRESSIONS),
        (item_operations, "update", EXPRESSIONS),
        (item_operations._Conditional, "require", EXPRESSIONS),
        (page_operations, "condition", EXPRESSIONS),
        (page_operations, "key_condition", EXPRESSIONS),
        (Update, "paths", EXPRESSIONS),
        (Update, "apply", EXPRESSIONS),
        (Cloud, "read_stream", TABLES),
        (AwsEndpoint, "ask_trusted", MOTO),
        (in_process, "head_object", MOTO),
    ]
    for owner, name, cause in cuts:
        seams.cut(owner, name, cause=cause)


def main(ready_path: Path) -> None:
    seams = Seams()
    watch(seams)
    from local_emulator.ready_file import ready_file
    from local_emulator.stack import Emulator

    with Emulator() as emulator, ready_file(ready_path, emulator.ready):
        for _ in sys.stdin:
            print(json.dumps({"causes": seams.told(), "process": time.process_time()}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[2]))
