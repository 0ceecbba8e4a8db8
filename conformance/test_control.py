"""Test-time control, as a user's own tests would use it: urllib and boto3, nothing of ours."""

import json
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config

import conftest

NOW = "2026-01-15T08:00:00Z"
REGION = "us-east-1"
TEMPLATE = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'


class Control:
    """What a test may set: a method, a path under /_mimeo/, and JSON."""

    def __init__(self, url):
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __call__(self, method, path, members=None):
        body = None if members is None else json.dumps(members).encode()
        request = urllib.request.Request(f"{self.url}/_mimeo/{path}", data=body, method=method)
        with self.opener.open(request, timeout=10) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def own_server(tmp_path_factory):
    """A reset concerns whoever shares the server, so these tests have one of their own."""
    server = conftest.start(tmp_path_factory.mktemp("control"))
    yield server
    assert server.stop() == 0


@pytest.fixture
def control(own_server):
    """A clean catalogue, the same ids and the same time in every test."""
    control = Control(own_server.url)
    control("DELETE", "transitions")
    control("PUT", "clock", {"now": NOW, "frozen": True})
    control("PUT", "ids", {"seed": 42})
    control("POST", "reset")
    control("DELETE", "requests")
    return control


@pytest.fixture
def catalog(own_server):
    return boto3.session.Session().client(
        "servicecatalog",
        region_name=REGION,
        endpoint_url=own_server.url,
        aws_access_key_id="111111111111",
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def publish(control, catalog, name="network"):
    request = urllib.request.Request(
        f"{control.url}/_mimeo/templates/{name}.json", data=TEMPLATE.encode(), method="PUT"
    )
    with control.opener.open(request, timeout=10) as answer:
        url = json.load(answer)["Url"]
    made = catalog.create_product(
        Name=name,
        Owner="Platform team",
        ProductType="CLOUD_FORMATION_TEMPLATE",
        ProvisioningArtifactParameters={
            "Name": "1.0",
            "Info": {"LoadTemplateFromURL": url},
            "Type": "CLOUD_FORMATION_TEMPLATE",
        },
    )
    return made["ProductViewDetail"]


def products(catalog):
    return len(catalog.search_products_as_admin()["ProductViewDetails"])


def status(catalog, token):
    return catalog.describe_copy_product_status(CopyProductToken=token)


@pytest.mark.parametrize("run", [1, 2, 3])
def test_every_run_gets_the_same_ids_and_times(control, catalog, run, seen={}):
    assert products(catalog) == 0
    view = publish(control, catalog)
    token = catalog.copy_product(SourceProductArn=view["ProductARN"], IdempotencyToken="c")
    assert view["CreatedTime"].isoformat().startswith("2026-01-15T08:00:00")
    told = (view["ProductARN"], token["CopyProductToken"])
    assert seen.setdefault("told", told) == told


def test_a_copy_goes_as_the_test_wants_it(control, catalog):
    source = publish(control, catalog)["ProductARN"]
    control("PUT", "transitions", {"copy_product": {"succeeds_after": {"describes": 2}}})
    token = catalog.copy_product(SourceProductArn=source)["CopyProductToken"]
    seen = [status(catalog, token)["CopyProductStatus"] for _ in range(3)]
    assert seen == ["IN_PROGRESS", "IN_PROGRESS", "SUCCEEDED"]
    assert products(catalog) == 2

    control("PUT", "transitions", {"copy_product": {"succeeds_after": {"seconds": 600}}})
    token = catalog.copy_product(SourceProductArn=source)["CopyProductToken"]
    assert status(catalog, token)["CopyProductStatus"] == "IN_PROGRESS"
    control("PUT", "clock", {"advance_seconds": 600})
    assert status(catalog, token)["CopyProductStatus"] == "SUCCEEDED"

    control("PUT", "transitions", {"copy_product": {"fails_with": "No luck."}})
    token = catalog.copy_product(SourceProductArn=source)["CopyProductToken"]
    failed = status(catalog, token)
    assert (failed["CopyProductStatus"], failed["StatusDetail"]) == ("FAILED", "No luck.")
    assert products(catalog) == 3


def test_the_calls_that_came_are_told(control, catalog):
    catalog.create_portfolio(DisplayName="p", ProviderName="q", IdempotencyToken="t")
    with pytest.raises(catalog.exceptions.ResourceNotFoundException):
        catalog.describe_portfolio(Id="port-none")
    calls = control("GET", "requests")["requests"]
    assert [(call["operation"], call["error"]) for call in calls] == [
        ("CreatePortfolio", None),
        ("DescribePortfolio", "ResourceNotFoundException"),
    ]
    assert calls[0]["input"]["DisplayName"] == "p"
    assert calls[0]["account"] == "111111111111"
    assert calls[0]["time"] == NOW


def test_what_is_wrong_is_named(control):
    with pytest.raises(urllib.error.HTTPError) as refused:
        control("PUT", "clock", {"frozn": True})
    assert refused.value.code == 400
    assert "`frozn` does not exist" in json.load(refused.value)["message"]


def test_a_verified_server_has_none_of_it(verified_server):
    with pytest.raises(urllib.error.HTTPError) as refused:
        Control(verified_server.url)("POST", "reset", {})
    assert refused.value.code == 404
