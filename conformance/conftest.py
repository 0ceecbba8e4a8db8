"""Servers in both modes, and accounts that no other test uses."""

import itertools
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

import mimeo
from team import Team

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent

HUB = mimeo.Account(id="111111111111", key="AKIAHUBEXAMPLE", secret="the-hub's-secret")
SPOKE = mimeo.Account(id="222222222222", key="AKIASPOKEEXAMPLE", secret="the-spoke's-secret")
READER = mimeo.Account(id=HUB.id, key="AKIAREADEREXAMPLE", secret="the-reader's-secret")

SPOKE_ROLE = f"arn:aws:iam::{SPOKE.id}:role/catalog/Hub"
CLOSED_ROLE = f"arn:aws:iam::{SPOKE.id}:role/Closed"

VERIFIED = f"""
regions = ["us-east-1", "eu-west-1"]

[[account]]
id = "{HUB.id}"

[[account.key]]
id = "{HUB.key}"
secret = "{HUB.secret}"
user = "admin"

[[account.user]]
name = "admin"
policies = ["AWSServiceCatalogAdminFullAccess", "assume"]

[[account.policy]]
name = "assume"
document = '''{{"Version": "2012-10-17", "Statement": {{
    "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/*"}}}}'''

[[account.key]]
id = "{READER.key}"
secret = "{READER.secret}"
user = "reader"

[[account.user]]
name = "reader"
policies = ["AWSServiceCatalogAdminReadOnlyAccess"]

[[account]]
id = "{SPOKE.id}"

[[account.key]]
id = "{SPOKE.key}"
secret = "{SPOKE.secret}"
user = "admin"

[[account.user]]
name = "admin"
policies = ["AWSServiceCatalogAdminFullAccess"]

[[account.role]]
name = "Hub"
path = "/catalog/"
policies = ["AWSServiceCatalogAdminFullAccess"]
trust = '''{{"Version": "2012-10-17", "Statement": {{
    "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {{"AWS": "{HUB.id}"}}}}}}'''

[[account.role]]
name = "Closed"
trust = '''{{"Version": "2012-10-17", "Statement": {{
    "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {{"AWS": "333333333333"}}}}}}'''
"""

UNITS = [f"ou-ab12-platform{number}" for number in range(1, 6)]

# The spoke is in a unit of the hub's organization, and its admin may act as an end user.
ORGANIZED = (
    VERIFIED.replace(f'id = "{SPOKE.id}"', f'id = "{SPOKE.id}"\nunit = "{UNITS[0]}"')
    + f"""
[[account.role]]
name = "Developer"
policies = ["AWSServiceCatalogEndUserFullAccess"]
trust = '''{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow",
    "Action": "sts:AssumeRole", "Principal": {{"AWS": "arn:aws:iam::{SPOKE.id}:user/admin"}}}}}}'''

[organization]
id = "o-exampleorg1"
management_account = "{HUB.id}"
"""
    + "".join(f'[[organization.unit]]\nid = "{unit}"\nname = "Unit {unit}"\n' for unit in UNITS)
)

MOTO = pathlib.Path(sys.executable).parent / "moto_server"
MOTO_SECONDS_MAX = 60

_numbers = itertools.count(300_000_000_000)


def pytest_collection_modifyitems(items):
    """Whoever counts what the others called runs last."""
    items.sort(key=lambda item: item.name.startswith("test_every_operation_of_the_api_was_called"))


def pytest_addoption(parser):
    parser.addoption("--raise", action="store_true", help="write probes.json anew")


def start(folder, config="", arguments=(), environment=None):
    default = REPOSITORY / "target" / "debug" / "mimeo"
    binary = os.environ.get("MIMEO_BINARY", default)
    return mimeo.Server(binary, folder, config, arguments, environment or {})


@pytest.fixture(scope="session")
def open_server(tmp_path_factory):
    server = start(tmp_path_factory.mktemp("open"))
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="session")
def verified_server(tmp_path_factory):
    server = start(tmp_path_factory.mktemp("verified"), VERIFIED)
    yield server
    assert server.stop() == 0


@pytest.fixture
def account():
    """Makes accounts of open mode that nobody has used before."""
    return lambda: mimeo.Account.open(str(next(_numbers)))


@pytest.fixture(params=mimeo.protocols())
def protocol(request):
    return request.param


@pytest.fixture
def team(open_server, account, protocol):
    """A hub and a spoke that nobody else uses, in open mode."""
    return Team(open_server, account(), account(), protocol)


@pytest.fixture
def organized(tmp_path, protocol):
    """The same as members of an organization, in verified mode."""
    server = start(tmp_path, ORGANIZED)
    yield Team(server, HUB, SPOKE, protocol)
    assert server.stop() == 0


@pytest.fixture
def moto(tmp_path):
    """The URL of a moto that serves S3 and IAM."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = open(tmp_path / "moto.log", "w")
    served = subprocess.Popen(
        [MOTO, "--host", "127.0.0.1", "--port", str(port)],
        env=mimeo.clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + MOTO_SECONDS_MAX
    while not answers(url):
        assert served.poll() is None and time.monotonic() < deadline, log.name
        time.sleep(0.1)
    yield url
    served.terminate()
    served.wait()


def answers(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        return opener.open(f"{url}/moto-api/", timeout=1).status == 200
    except (urllib.error.URLError, OSError):
        return False
