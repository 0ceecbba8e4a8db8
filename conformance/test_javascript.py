"""The AWS SDK for JavaScript v3: its stories are in `js/`, run by Node's own test runner."""

import os
import pathlib
import shutil
import subprocess

import pytest

import mimeo

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = HERE.parent / "target" / "conformance-js"


@pytest.fixture(scope="module")
def stories():
    """The folder with the stories and the packages that they need."""
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if missing:
        told = f"NOT RUN: {' and '.join(missing)} missing (Debian: nodejs npm)"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    PACKAGES.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "js" / "package-lock.json").read_text()
    installed = PACKAGES / "installed"
    for file in (HERE / "js").iterdir():
        shutil.copy(file, PACKAGES)
    if not installed.exists() or installed.read_text() != lock:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=PACKAGES, check=True)
        installed.write_text(lock)
    return PACKAGES


def test_the_sdk_for_javascript_v3(open_server, stories):
    ran = subprocess.run(
        ["node", "--test", "."],
        cwd=stories,
        env=mimeo.clean_environment(MIMEO_URL=open_server.url),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
