"""A catalogue from one document: what an end user of the recipient's account sees of it."""

import pytest

import mimeo
from conftest import REPOSITORY, start

HUB = mimeo.Account.open("111111111111")
SPOKE = mimeo.Account.open("222222222222")
NEWCOMER = mimeo.Account.open("333333333333")
SHOP = mimeo.Account.open("444444444444")

EXAMPLE = REPOSITORY / "docs" / "examples" / "world.yaml"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeded")
    # Twice on the same data: the second time it finds everything.
    assert start(folder, arguments=["--seed", EXAMPLE]).stop() == 0
    server = start(folder, arguments=["--seed", EXAMPLE])
    yield server
    assert server.stop() == 0


def role(server, account, name):
    return mimeo.assumed(server, account, mimeo.role_of(account, name))


def products(catalog):
    found = catalog.search_products()["ProductViewSummaries"]
    return [product["Name"] for product in found]


@pytest.mark.parametrize(
    ("account", "name", "seen"),
    [
        (SPOKE, "Developer", ["bucket"]),
        (SPOKE, "Auditor", []),
        (NEWCOMER, "Developer", []),
        (SHOP, "DeveloperOfShop", ["bucket"]),
        (SHOP, "Auditor", []),
        (HUB, "PlatformAdmin", ["bucket"]),
    ],
)
def test_who_is_a_principal_sees_the_product(seeded, protocol, account, name, seen):
    caller = role(seeded, account, name)
    assert products(mimeo.client(seeded, caller, "us-east-1", protocol)) == seen


def test_a_principal_of_the_recipient_finds_the_way_to_launch(seeded, protocol):
    caller = role(seeded, SPOKE, "Developer")
    catalog = mimeo.client(seeded, caller, "us-east-1", protocol)
    product = catalog.search_products()["ProductViewSummaries"][0]["ProductId"]
    paths = catalog.list_launch_paths(ProductId=product)["LaunchPathSummaries"]
    assert [path["Name"] for path in paths] == ["Platform"]
    types = {constraint["Type"] for constraint in paths[0]["ConstraintSummaries"]}
    assert types == {"LAUNCH", "NOTIFICATION", "RESOURCE_UPDATE", "TEMPLATE"}


def test_a_copy_is_there_when_the_server_is_ready(seeded, protocol):
    there = mimeo.client(seeded, SPOKE, "eu-west-1", protocol)
    found = there.search_products_as_admin()["ProductViewDetails"]
    assert [view["ProductViewSummary"]["Name"] for view in found] == ["bucket"]
    here = mimeo.client(seeded, HUB, "us-east-1", protocol)
    source = here.search_products_as_admin()["ProductViewDetails"][0]["ProductViewSummary"]
    copy = found[0]["ProductViewSummary"]["ProductId"]
    assert mimeo.digests(there, copy) == mimeo.digests(here, source["ProductId"])
