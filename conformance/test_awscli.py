"""The main job typed as shell commands, with the AWS CLI."""

import json
import pathlib
import subprocess
import sys
import time

import pytest

import mimeo

AWS = pathlib.Path(sys.executable).parent / "aws"
SECONDS_MAX = 60

pytestmark = pytest.mark.skipif(not AWS.exists(), reason="the AWS CLI is not in this environment")


class Shell:
    """A terminal of one account, in one Region."""

    def __init__(self, server, account, region):
        self.server, self.account, self.region = server, account, region
        self.environment = mimeo.clean_environment(
            AWS_ACCESS_KEY_ID=account.key,
            AWS_SECRET_ACCESS_KEY=account.secret,
            AWS_DEFAULT_REGION=region,
            AWS_PAGER="",
        )

    def run(self, operation, *words):
        command = [sys.executable, AWS, "servicecatalog", operation]
        command += ["--endpoint-url", self.server.url, "--output", "json", *words]
        return subprocess.run(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )

    def __call__(self, operation, *words):
        done = self.run(operation, *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def refused(self, operation, *words):
        done = self.run(operation, *words)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def wait_for_copy(self, token):
        deadline = time.monotonic() + SECONDS_MAX
        while time.monotonic() < deadline:
            status = self("describe-copy-product-status", "--copy-product-token", token)
            if status["CopyProductStatus"] != "IN_PROGRESS":
                return status
        raise TimeoutError(token)


@pytest.fixture
def shells(open_server, account):
    """Terminals of a hub, of a spoke beside it, and of that spoke in another Region."""
    hub, spoke = account(), account()
    return (
        Shell(open_server, hub, "us-east-1"),
        Shell(open_server, spoke, "us-east-1"),
        Shell(open_server, spoke, "eu-west-1"),
    )


def publish(hub, body):
    """Uploads a template and makes a product from it; answers its detail."""
    url = mimeo.upload(hub.server, hub.account, hub.region, "topic.yaml", body)
    parameters = mimeo.properties(url, "v1")
    return hub(
        "create-product",
        "--name", "myproduct",
        "--owner", "me",
        "--product-type", "CLOUD_FORMATION_TEMPLATE",
        "--tags", "Key=team,Value=platform",
        "--provisioning-artifact-parameters", json.dumps(parameters),
    )["ProductViewDetail"]  # fmt: skip


def test_the_main_job_can_be_typed(shells):
    hub, spoke, abroad = shells
    body = mimeo.template("typed")
    product = publish(hub, body)
    product_id = product["ProductViewSummary"]["ProductId"]
    portfolio = hub(
        "create-portfolio", "--display-name", "Platform", "--provider-name", "Team"
    )["PortfolioDetail"]["Id"]
    hub(
        "associate-product-with-portfolio",
        "--product-id", product_id, "--portfolio-id", portfolio,
    )  # fmt: skip
    hub(
        "create-portfolio-share",
        "--portfolio-id", portfolio, "--account-id", spoke.account.id,
    )  # fmt: skip
    spoke("accept-portfolio-share", "--portfolio-id", portfolio)
    accepted = spoke("list-accepted-portfolio-shares")["PortfolioDetails"]
    assert [item["Id"] for item in accepted] == [portfolio]

    started = abroad(
        "copy-product",
        "--source-product-arn", product["ProductARN"], "--copy-options", "CopyTags",
    )  # fmt: skip
    status = abroad.wait_for_copy(started["CopyProductToken"])
    assert status["CopyProductStatus"] == "SUCCEEDED", status
    copy = status["TargetProductId"]

    described = abroad("describe-product-as-admin", "--id", copy)
    assert described["Tags"] == [{"Key": "team", "Value": "platform"}]
    listed = abroad("list-provisioning-artifacts", "--product-id", copy)
    (version,) = listed["ProvisioningArtifactDetails"]
    shown = abroad(
        "describe-provisioning-artifact",
        "--product-id", copy, "--provisioning-artifact-id", version["Id"], "--verbose",
    )  # fmt: skip
    assert shown["Info"]["TemplateDigest"] == mimeo.digest_of(body)
    found = abroad("search-products-as-admin")["ProductViewDetails"]
    assert [item["ProductViewSummary"]["Name"] for item in found] == ["myproduct"]


def test_the_example_of_awss_own_documentation_works(shells, tmp_path):
    hub, *_ = shells
    product = publish(hub, mimeo.template("documented"))
    wish = tmp_path / "copy-product-input.json"
    wish.write_text(
        json.dumps(
            {
                "SourceProductArn": product["ProductARN"],
                "TargetProductName": "copy-of-myproduct",
                "CopyOptions": ["CopyTags"],
            }
        )
    )
    started = hub("copy-product", "--cli-input-json", f"file://{wish}")
    assert set(started) == {"CopyProductToken"}
    assert started["CopyProductToken"].startswith("copyproduct-")
    status = hub.wait_for_copy(started["CopyProductToken"])
    assert set(status) == {"CopyProductStatus", "TargetProductId"}
    named = hub("describe-product-as-admin", "--name", "copy-of-myproduct")
    summary = named["ProductViewDetail"]["ProductViewSummary"]
    assert summary["ProductId"] == status["TargetProductId"]


def test_what_goes_wrong_is_shown_to_whoever_types(shells):
    hub, *_ = shells
    missing = hub.refused("describe-portfolio", "--id", "port-aaaaaaaaaaaaa")
    assert "(ResourceNotFoundException)" in missing
    assert "Portfolio port-aaaaaaaaaaaaa not found." in missing
    pending = hub.refused(
        "provision-product",
        "--product-id", "prod-a", "--provisioning-artifact-id", "pa-a",
        "--provisioned-product-name", "network",
    )  # fmt: skip
    assert "ProvisionProduct is not implemented by Mimeo yet" in pending
