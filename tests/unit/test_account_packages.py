"""A function's zip as a folder: unpacked once, whoever asks at the same time."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local_emulator.account.lambdas.package import BadPackage, Packages
from tests.each_case import each_case


def zipped(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def test_functions_that_start_together_share_one_folder(tmp_path: Path) -> None:
    packages = Packages(tmp_path)
    code = zipped(**{f"module_{number}.py": "x" * 1000 for number in range(200)})
    with ThreadPoolExecutor(8) as pool:
        places = list(pool.map(lambda _: packages.unpacked(code, "ab/c="), range(8)))
    assert len(set(places)) == 1
    assert len(list(places[0].iterdir())) == 200


@each_case("code", [b"no zip", zipped(**{"../out.py": "x"})])
def test_what_cannot_be_unpacked_is_told(tmp_path: Path, code: bytes) -> None:
    with pytest.raises(BadPackage):
        Packages(tmp_path).unpacked(code, "digest")
    assert not (tmp_path / "out.py").exists()


def test_the_runtime_has_boto3_and_nothing_of_ours(tmp_path: Path) -> None:
    names = {each.name for each in Packages(tmp_path).runtime().iterdir()}
    assert {"boto3", "botocore"} <= names
    assert not {"pydantic", "moto", "chalice"} & names
