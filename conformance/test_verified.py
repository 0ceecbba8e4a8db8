"""Verified mode: whose signature does not hold is not let in."""

import pytest
from botocore.exceptions import ClientError

import mimeo
from conftest import HUB, SPOKE


def refusal_of(server, account, region, protocol):
    with pytest.raises(ClientError) as caught:
        mimeo.client(server, account, region, protocol).list_portfolios()
    return caught.value.response["Error"]["Code"]


def test_the_main_job_is_done_for_those_who_sign(verified_server, protocol):
    client = lambda account, region: mimeo.client(verified_server, account, region, protocol)
    hub, spoke = client(HUB, "us-east-1"), client(SPOKE, "us-east-1")
    name = f"network-{protocol}"
    product = mimeo.publish(verified_server, HUB, "us-east-1", hub, name, ["1.0", "2.0"])
    created = hub.create_portfolio(DisplayName="Platform", ProviderName="Platform team")
    portfolio = created["PortfolioDetail"]["Id"]
    hub.associate_product_with_portfolio(ProductId=product.id, PortfolioId=portfolio)
    mimeo.share(hub, portfolio, spoke, SPOKE.id)
    for catalog in (client(HUB, "eu-west-1"), spoke, client(SPOKE, "eu-west-1")):
        copy = mimeo.copied(catalog, SourceProductArn=product.arn, CopyOptions=["CopyTags"])
        assert mimeo.digests(catalog, copy) == product.digests


def test_a_wrong_secret_is_refused(verified_server, protocol):
    thief = mimeo.Account(id=HUB.id, key=HUB.key, secret="guessed")
    code = refusal_of(verified_server, thief, "us-east-1", protocol)
    assert code == "InvalidSignatureException"


def test_an_unknown_key_is_refused(verified_server, protocol):
    stranger = mimeo.Account(id=HUB.id, key="AKIANOBODY", secret="any")
    code = refusal_of(verified_server, stranger, "us-east-1", protocol)
    assert code == "UnrecognizedClientException"


def test_an_account_id_is_no_key_here(verified_server, protocol):
    asserted = mimeo.Account.open(HUB.id)
    code = refusal_of(verified_server, asserted, "us-east-1", protocol)
    assert code == "UnrecognizedClientException"


def test_a_region_that_is_not_configured_is_refused(verified_server, protocol):
    code = refusal_of(verified_server, HUB, "ap-northeast-1", protocol)
    assert code == "InvalidSignatureException"


def test_a_template_is_not_taken_from_a_stranger(verified_server):
    stranger = mimeo.Account(id=HUB.id, key=HUB.key, secret="guessed")
    with pytest.raises(mimeo.UploadRefused) as caught:
        mimeo.upload(verified_server, stranger, "us-east-1", "a.yaml", mimeo.template("a"))
    assert "InvalidSignatureException" in str(caught.value)


def test_the_server_says_which_mode_it_is_in(open_server, verified_server):
    assert open_server.mode.startswith("Open mode")
    assert verified_server.mode.startswith("Verified mode")
