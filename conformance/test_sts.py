"""STS and policies, as boto3 meets them: who one is, roles of other accounts, readers."""

import boto3
import pytest
from botocore.exceptions import ClientError

import mimeo
from conftest import CLOSED_ROLE, HUB, READER, SPOKE, SPOKE_ROLE


def refusal(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_client_is_told_who_it_is(verified_server, region):
    told = mimeo.sts(verified_server, HUB, region).get_caller_identity()
    assert told["Arn"] == f"arn:aws:iam::{HUB.id}:user/admin"
    assert told["Account"] == HUB.id
    assert told["ResponseMetadata"]["RequestId"]


def test_a_hub_works_in_a_spoke_through_a_role(verified_server, protocol):
    role = mimeo.assumed(verified_server, HUB, SPOKE_ROLE)
    told = mimeo.sts(verified_server, role).get_caller_identity()
    assert told["Arn"] == f"arn:aws:sts::{SPOKE.id}:assumed-role/Hub/conformance"
    hub = mimeo.client(verified_server, HUB, "eu-west-1", protocol)
    spoke = mimeo.client(verified_server, role, "eu-west-1", protocol)
    product = mimeo.publish(
        verified_server, HUB, "eu-west-1", hub, f"through-a-role-{protocol}", ["1.0"]
    )
    created = hub.create_portfolio(DisplayName="Roles", ProviderName="Platform team")
    portfolio = created["PortfolioDetail"]["Id"]
    hub.associate_product_with_portfolio(ProductId=product.id, PortfolioId=portfolio)
    mimeo.share(hub, portfolio, spoke, SPOKE.id)
    copy = mimeo.copied(spoke, SourceProductArn=product.arn)
    assert mimeo.digests(spoke, copy) == product.digests


def test_a_role_that_trusts_others_is_not_assumed(verified_server):
    sts = mimeo.sts(verified_server, HUB)
    for role in (CLOSED_ROLE, CLOSED_ROLE + "None"):
        error = refusal(sts.assume_role, RoleArn=role, RoleSessionName="conformance")
        assert error["Code"] == "AccessDenied"
        assert error["Message"] == (
            f"User: arn:aws:iam::{HUB.id}:user/admin is not authorized to perform: "
            f"sts:AssumeRole on resource: {role}"
        )


def test_a_reader_reads_and_does_not_write(verified_server, protocol):
    reader = mimeo.client(verified_server, READER, "us-east-1", protocol)
    assert "PortfolioDetails" in reader.list_portfolios()
    error = refusal(reader.create_portfolio, DisplayName="mine", ProviderName="me")
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == (
        f"User: arn:aws:iam::{HUB.id}:user/reader is not authorized to perform: "
        f"servicecatalog:CreatePortfolio on resource: arn:aws:catalog:us-east-1:{HUB.id}:* "
        "because no identity-based policy allows the servicecatalog:CreatePortfolio action"
    )
    with pytest.raises(mimeo.UploadRefused) as caught:
        mimeo.upload(verified_server, READER, "us-east-1", "a.yaml", mimeo.template("a"))
    assert "AccessDeniedException" in str(caught.value)


def test_a_users_own_session_is_the_user(verified_server):
    credentials = mimeo.sts(verified_server, READER).get_session_token()["Credentials"]
    session = boto3.session.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        region_name="us-east-1",
    )
    told = session.client("sts", endpoint_url=verified_server.url).get_caller_identity()
    assert told["Arn"] == f"arn:aws:iam::{HUB.id}:user/reader"


def test_roles_are_played_in_open_mode(open_server, account, protocol):
    hub, spoke = account(), account()
    told = mimeo.sts(open_server, hub).get_caller_identity()
    assert told["Account"] == hub.id
    role = mimeo.assumed(open_server, hub, f"arn:aws:iam::{spoke.id}:role/Any")
    catalog = mimeo.client(open_server, role, "us-east-1", protocol)
    created = catalog.create_portfolio(DisplayName="Played", ProviderName="Platform team")
    assert f":{spoke.id}:portfolio/" in created["PortfolioDetail"]["ARN"]
