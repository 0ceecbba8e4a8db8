"""The main job and its neighbours, as boto3 sees them in open mode."""

import datetime

import pytest
from botocore.exceptions import ClientError

import mimeo

TAGS = [("team", "platform"), ("cost-centre", "4711")]


class World:
    """A hub with a shared product, and a spoke that accepted it."""

    def __init__(self, server, account, protocol):
        self.server, self.protocol = server, protocol
        self.hub, self.spoke = account(), account()
        self.catalog = self.client(self.hub, "us-east-1")
        self.product = self.publish("network", ["1.0", "2.0", "3.0"])
        self.portfolio = self.catalog.create_portfolio(
            DisplayName="Platform", ProviderName="Platform team"
        )["PortfolioDetail"]["Id"]
        self.catalog.associate_product_with_portfolio(
            ProductId=self.product.id, PortfolioId=self.portfolio
        )

    def client(self, account, region):
        return mimeo.client(self.server, account, region, self.protocol)

    def publish(self, name, versions):
        return mimeo.publish(
            self.server, self.hub, "us-east-1", self.catalog, name, versions, TAGS
        )

    def share(self):
        spoke = self.client(self.spoke, "us-east-1")
        mimeo.share(self.catalog, self.portfolio, spoke, self.spoke.id)


@pytest.fixture
def world(open_server, account, protocol):
    return World(open_server, account, protocol)


def refused(call, **parameters):
    """The code and the message with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("target", "region"),
    [
        ("hub", "us-east-1"),
        ("hub", "eu-west-1"),
        ("spoke", "us-east-1"),
        ("spoke", "eu-west-1"),
    ],
)
def test_a_copy_is_equal_wherever_it_goes(world, target, region):
    world.share()
    catalog = world.client(getattr(world, target), region)
    copy = mimeo.copied(
        catalog, SourceProductArn=world.product.arn, CopyOptions=["CopyTags"]
    )
    assert copy != world.product.id
    assert mimeo.digests(catalog, copy) == world.product.digests

    described = catalog.describe_product_as_admin(Id=copy)
    view = described["ProductViewDetail"]
    account = getattr(world, target).id
    assert view["ProductARN"] == f"arn:aws:catalog:{region}:{account}:product/{copy}"
    assert view["Status"] == "CREATED"
    assert isinstance(view["CreatedTime"], datetime.datetime)
    assert view["ProductViewSummary"]["Name"] == "network"
    assert view["ProductViewSummary"]["ShortDescription"] == "The network"
    assert {tag["Key"]: tag["Value"] for tag in described["Tags"]} == dict(TAGS)
    sources = [
        version["ProvisioningArtifactMetadata"]["SourceProvisioningArtifactId"]
        for version in described["ProvisioningArtifactSummaries"]
    ]
    assert sources == list(world.product.versions.values())


def test_without_copy_tags_no_tag_travels(world):
    abroad = world.client(world.hub, "eu-west-1")
    copy = mimeo.copied(abroad, SourceProductArn=world.product.arn)
    assert abroad.describe_product_as_admin(Id=copy)["Tags"] == []


def test_chosen_versions_are_added_to_a_product_that_is_there(world):
    abroad = world.client(world.hub, "eu-west-1")
    chosen = lambda name: [{"Id": world.product.versions[name]}]
    copy = mimeo.copied(
        abroad,
        SourceProductArn=world.product.arn,
        TargetProductName="renamed",
        SourceProvisioningArtifactIdentifiers=chosen("1.0"),
    )
    again = mimeo.copied(
        abroad,
        SourceProductArn=world.product.arn,
        TargetProductId=copy,
        SourceProvisioningArtifactIdentifiers=chosen("3.0"),
    )
    assert again == copy
    wanted = {name: world.product.digests[name] for name in ("1.0", "3.0")}
    assert mimeo.digests(abroad, copy) == wanted
    named = abroad.describe_product_as_admin(Name="renamed")
    assert named["ProductViewDetail"]["ProductViewSummary"]["ProductId"] == copy


def test_a_token_makes_one_copy_however_often_it_is_sent(world):
    abroad = world.client(world.hub, "eu-west-1")
    wish = {"SourceProductArn": world.product.arn, "IdempotencyToken": "once"}
    tokens = {abroad.copy_product(**wish)["CopyProductToken"] for _ in range(3)}
    assert len(tokens) == 1
    mimeo.wait_for_copy(abroad, tokens.pop())
    found = abroad.search_products_as_admin()["ProductViewDetails"]
    assert len(found) == 1
    code, message = refused(abroad.copy_product, TargetProductName="other", **wish)
    assert code == "InvalidParametersException"
    assert "IdempotencyToken" in message


def test_a_product_is_seen_only_while_it_is_shared_and_accepted(world):
    spoke = world.client(world.spoke, "us-east-1")
    unseen = (
        "ResourceNotFoundException",
        f"{world.product.id} does not exist or access was denied",
    )
    wish = {"SourceProductArn": world.product.arn}
    assert refused(spoke.copy_product, **wish) == unseen
    world.catalog.create_portfolio_share(PortfolioId=world.portfolio, AccountId=world.spoke.id)
    assert refused(spoke.copy_product, **wish) == unseen
    spoke.accept_portfolio_share(PortfolioId=world.portfolio)
    mimeo.copied(spoke, **wish)
    world.catalog.delete_portfolio_share(PortfolioId=world.portfolio, AccountId=world.spoke.id)
    assert refused(spoke.copy_product, **wish) == unseen


def test_shares_are_listed_on_both_sides(world):
    spoke = world.client(world.spoke, "us-east-1")
    shares = lambda: world.catalog.describe_portfolio_shares(
        PortfolioId=world.portfolio, Type="ACCOUNT"
    )["PortfolioShareDetails"]
    world.catalog.create_portfolio_share(PortfolioId=world.portfolio, AccountId=world.spoke.id)
    assert [(share["PrincipalId"], share["Accepted"]) for share in shares()] == [
        (world.spoke.id, False)
    ]
    spoke.accept_portfolio_share(PortfolioId=world.portfolio)
    assert shares()[0]["Accepted"] is True
    access = world.catalog.list_portfolio_access(PortfolioId=world.portfolio)
    assert access["AccountIds"] == [world.spoke.id]
    accepted = spoke.list_accepted_portfolio_shares()["PortfolioDetails"]
    assert [portfolio["Id"] for portfolio in accepted] == [world.portfolio]
    spoke.reject_portfolio_share(PortfolioId=world.portfolio)
    assert spoke.list_accepted_portfolio_shares()["PortfolioDetails"] == []


def test_a_product_lives_from_creation_to_deletion(world):
    catalog = world.catalog
    updated = catalog.update_product(
        Id=world.product.id,
        Name="the-network",
        SupportEmail="help@example.com",
        AddTags=[{"Key": "stage", "Value": "live"}],
        RemoveTags=["team"],
    )
    assert updated["ProductViewDetail"]["ProductViewSummary"]["Name"] == "the-network"
    assert {tag["Key"] for tag in updated["Tags"]} == {"stage", "cost-centre"}

    hidden = catalog.update_provisioning_artifact(
        ProductId=world.product.id,
        ProvisioningArtifactId=world.product.versions["1.0"],
        Active=False,
        Guidance="DEPRECATED",
        Description="gone soon",
    )["ProvisioningArtifactDetail"]
    assert (hidden["Active"], hidden["Guidance"]) == (False, "DEPRECATED")
    catalog.delete_provisioning_artifact(
        ProductId=world.product.id, ProvisioningArtifactId=world.product.versions["1.0"]
    )
    assert set(mimeo.digests(catalog, world.product.id)) == {"2.0", "3.0"}

    code, _ = refused(catalog.delete_product, Id=world.product.id)
    assert code == "ResourceInUseException"
    catalog.disassociate_product_from_portfolio(
        ProductId=world.product.id, PortfolioId=world.portfolio
    )
    catalog.delete_product(Id=world.product.id)
    code, _ = refused(catalog.describe_product_as_admin, Id=world.product.id)
    assert code == "ResourceNotFoundException"


def test_a_portfolio_lives_from_creation_to_deletion(world):
    catalog = world.catalog
    updated = catalog.update_portfolio(
        Id=world.portfolio, DisplayName="Renamed", AddTags=[{"Key": "stage", "Value": "live"}]
    )
    assert updated["PortfolioDetail"]["DisplayName"] == "Renamed"
    described = catalog.describe_portfolio(Id=world.portfolio)
    assert described["Tags"] == [{"Key": "stage", "Value": "live"}]
    assert described["PortfolioDetail"]["ProviderName"] == "Platform team"
    holding = catalog.list_portfolios_for_product(ProductId=world.product.id)
    assert [portfolio["Id"] for portfolio in holding["PortfolioDetails"]] == [world.portfolio]

    code, message = refused(catalog.delete_portfolio, Id=world.portfolio)
    assert code == "ResourceInUseException"
    assert message.startswith(f"Portfolio {world.portfolio} still has associated")
    catalog.disassociate_product_from_portfolio(
        ProductId=world.product.id, PortfolioId=world.portfolio
    )
    catalog.delete_portfolio(Id=world.portfolio)
    assert catalog.list_portfolios()["PortfolioDetails"] == []


def test_paginators_see_each_item_once(world):
    catalog, made = world.catalog, {world.portfolio}
    for number in range(24):
        made.add(
            catalog.create_portfolio(DisplayName=f"P {number}", ProviderName="P")[
                "PortfolioDetail"
            ]["Id"]
        )
    for portfolio in made - {world.portfolio}:
        catalog.associate_product_with_portfolio(
            ProductId=world.product.id, PortfolioId=portfolio
        )
        catalog.create_portfolio_share(PortfolioId=portfolio, AccountId=world.spoke.id)
    spoke = world.client(world.spoke, "us-east-1")
    for portfolio in made - {world.portfolio}:
        spoke.accept_portfolio_share(PortfolioId=portfolio)
    for index in range(10):
        world.publish(f"other-{index}", ["1.0"])

    def ids(catalog, operation, key, **parameters):
        pages = list(catalog.get_paginator(operation).paginate(**parameters))
        return len(pages), [item for page in pages for item in page[key]]

    few = {"PaginationConfig": {"PageSize": 7}}
    pages, portfolios = ids(catalog, "list_portfolios", "PortfolioDetails", **few)
    assert pages == 4
    assert sorted(portfolio["Id"] for portfolio in portfolios) == sorted(made)
    _, holding = ids(
        catalog, "list_portfolios_for_product", "PortfolioDetails",
        ProductId=world.product.id, **few,
    )
    assert sorted(portfolio["Id"] for portfolio in holding) == sorted(made)
    _, accepted = ids(spoke, "list_accepted_portfolio_shares", "PortfolioDetails", **few)
    assert len(accepted) == 24
    pages, products = ids(
        catalog, "search_products_as_admin", "ProductViewDetails",
        SortBy="Title", SortOrder="ASCENDING", PaginationConfig={"PageSize": 4},
    )
    names = [product["ProductViewSummary"]["Name"] for product in products]
    assert pages == 3
    assert names == sorted(["network"] + [f"other-{index}" for index in range(10)])


def test_a_search_finds_by_text_and_by_portfolio(world):
    world.publish("bucket", ["1.0"])

    def found(**parameters):
        details = world.catalog.search_products_as_admin(**parameters)["ProductViewDetails"]
        return {detail["ProductViewSummary"]["Name"] for detail in details}

    assert found() == {"network", "bucket"}
    assert found(Filters={"FullTextSearch": ["netw"]}) == {"network"}
    assert found(Filters={"Owner": ["Platform team"]}) == {"network", "bucket"}
    assert found(PortfolioId=world.portfolio) == {"network"}


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:s3:::bucket", "InvalidParametersException"),
        (
            "arn:aws:catalog:us-east-1:999999999999:product/prod-aaaaaaaaaaaaa",
            "ResourceNotFoundException",
        ),
        ("not an arn", "ValidationException"),
    ],
)
def test_a_source_that_is_none_is_refused(world, arn, code):
    assert refused(world.catalog.copy_product, SourceProductArn=arn)[0] == code


def test_modelled_errors_have_their_codes(world):
    catalog = world.catalog
    code, message = refused(catalog.describe_portfolio, Id="port-aaaaaaaaaaaaa")
    assert (code, message) == (
        "ResourceNotFoundException",
        "Portfolio port-aaaaaaaaaaaaa not found.",
    )
    code, _ = refused(catalog.describe_product_as_admin)
    assert code == "InvalidParametersException"
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(21)]
    catalog.update_portfolio(Id=world.portfolio, AddTags=tags[:20])
    code, _ = refused(catalog.update_portfolio, Id=world.portfolio, AddTags=tags[20:])
    assert code == "LimitExceededException"
    code, _ = refused(
        catalog.create_portfolio_share,
        PortfolioId=world.portfolio,
        OrganizationNode={"Type": "ORGANIZATION", "Value": "o-abcdefghij"},
    )
    assert code == "OperationNotSupportedException"
    single = world.publish("single", ["1.0"])
    code, _ = refused(
        catalog.delete_provisioning_artifact,
        ProductId=single.id,
        ProvisioningArtifactId=single.versions["1.0"],
    )
    assert code == "ResourceInUseException"


def test_a_template_that_is_none_is_refused(world):
    url = mimeo.upload(world.server, world.hub, "us-east-1", "bad.yaml", "Resources: 7\n")
    code, message = refused(
        world.catalog.create_product,
        Name="bad",
        Owner="o",
        ProductType="CLOUD_FORMATION_TEMPLATE",
        ProvisioningArtifactParameters=mimeo.properties(url, "1.0"),
    )
    assert code == "InvalidParametersException"
    assert message.startswith("Invalid templateBody. Please make sure that your template is valid")


def test_all_violations_are_told_at_once(world):
    code, message = refused(
        world.catalog.create_portfolio, DisplayName="x" * 101, ProviderName="y" * 51
    )
    assert code == "ValidationException"
    assert message.startswith("2 validation errors detected: Value ")
    assert "at 'displayName' failed to satisfy constraint" in message
    assert "at 'providerName' failed to satisfy constraint" in message


def test_each_answer_has_a_request_id(world):
    metadata = world.catalog.list_portfolios()["ResponseMetadata"]
    assert metadata["HTTPHeaders"]["x-amzn-requestid"]
    assert metadata["HTTPStatusCode"] == 200
