"""The rest of the API, as boto3 sees it: all that a platform team does besides copying, and a count
of the operations that the tests with boto3 have called."""

import json
import pathlib

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

import mimeo
from conftest import UNITS
from pending import PENDING


def test_tag_options_are_made_hung_up_and_taken_down(team):
    product = team.product()
    portfolio = team.portfolio(products=[product])
    made = team.hub.create_tag_option(Key="stage", Value="test")["TagOptionDetail"]
    option = made["Id"]
    assert made == {
        "Id": option,
        "Key": "stage",
        "Value": "test",
        "Active": True,
        "Owner": team.hub_account.id,
    }
    assert team.hub.describe_tag_option(Id=option)["TagOptionDetail"] == made
    changed = team.hub.update_tag_option(Id=option, Value="live", Active=False)
    assert changed["TagOptionDetail"] == made | {"Value": "live", "Active": False}
    other = team.tag_option("stage", "test")

    def listed(**filters):
        details = team.hub.list_tag_options(Filters=filters)["TagOptionDetails"]
        return {detail["Id"] for detail in details}

    assert listed(Key="stage") == {option, other}
    assert listed(Key="stage", Value="live") == {option}
    assert listed(Active=True) == {other}

    for resource in (product.id, portfolio):
        team.hub.associate_tag_option_with_resource(ResourceId=resource, TagOptionId=option)

    def resources(**of):
        found = team.hub.list_resources_for_tag_option(TagOptionId=option, **of)
        return {detail["Id"]: detail["ARN"] for detail in found["ResourceDetails"]}

    assert set(resources()) == {product.id, portfolio}
    assert resources(ResourceType="Product") == {product.id: product.arn}
    assert set(resources(ResourceType="Portfolio")) == {portfolio}
    described = team.hub.describe_portfolio(Id=portfolio)["TagOptions"]
    assert described == [changed["TagOptionDetail"]]
    described = team.hub.describe_product_as_admin(Id=product.id)["TagOptions"]
    assert described == [changed["TagOptionDetail"]]

    for resource in (product.id, portfolio):
        team.hub.disassociate_tag_option_from_resource(
            ResourceId=resource, TagOptionId=option
        )
    assert resources() == {}
    team.hub.delete_tag_option(Id=option)
    assert listed() == {other}


def test_budgets_are_attached_and_detached(team):
    product = team.product()
    portfolio = team.portfolio(products=[product])
    for resource in (product.id, portfolio):
        team.hub.associate_budget_with_resource(BudgetName="monthly", ResourceId=resource)
        listed = team.hub.list_budgets_for_resource(ResourceId=resource)
        assert listed["Budgets"] == [{"BudgetName": "monthly"}]
    budgets = [{"BudgetName": "monthly"}]
    assert team.hub.describe_portfolio(Id=portfolio)["Budgets"] == budgets
    assert team.hub.describe_product_as_admin(Id=product.id)["Budgets"] == budgets
    for resource in (product.id, portfolio):
        team.hub.disassociate_budget_from_resource(BudgetName="monthly", ResourceId=resource)
        assert team.hub.list_budgets_for_resource(ResourceId=resource)["Budgets"] == []


def test_service_actions_are_offered_with_versions(team):
    product = team.product(versions=("1.0", "2.0"))
    one, two = product.versions.values()
    restart, stop = team.action("Restart"), team.action("Stop")
    changed = team.hub.update_service_action(
        Id=stop, Name="Halt", Definition={"Name": "AWS-StopEC2Instance", "Version": "1"}
    )["ServiceActionDetail"]
    assert changed["ServiceActionSummary"]["Name"] == "Halt"
    assert changed["Definition"] == {"Name": "AWS-StopEC2Instance", "Version": "1"}
    assert team.hub.describe_service_action(Id=stop)["ServiceActionDetail"] == changed
    listed = team.hub.list_service_actions()["ServiceActionSummaries"]
    assert {summary["Id"] for summary in listed} == {restart, stop}

    pair = lambda version, action: {
        "ProductId": product.id,
        "ProvisioningArtifactId": version,
        "ServiceActionId": action,
    }
    team.hub.associate_service_action_with_provisioning_artifact(**pair(one, restart))
    batch = [pair(two, restart), pair(one, stop), pair(one, restart)]
    failed = team.hub.batch_associate_service_action_with_provisioning_artifact(
        ServiceActionAssociations=batch
    )["FailedServiceActionAssociations"]
    assert [(entry["ServiceActionId"], entry["ErrorCode"]) for entry in failed] == [
        (restart, "DUPLICATE_RESOURCE")
    ]

    def actions(version):
        found = team.hub.list_service_actions_for_provisioning_artifact(
            ProductId=product.id, ProvisioningArtifactId=version
        )
        return {summary["Id"] for summary in found["ServiceActionSummaries"]}

    assert (actions(one), actions(two)) == ({restart, stop}, {restart})
    views = team.hub.list_provisioning_artifacts_for_service_action(ServiceActionId=restart)
    assert {
        (view["ProductViewSummary"]["ProductId"], view["ProvisioningArtifact"]["Id"])
        for view in views["ProvisioningArtifactViews"]
    } == {(product.id, one), (product.id, two)}

    team.hub.disassociate_service_action_from_provisioning_artifact(**pair(one, restart))
    failed = team.hub.batch_disassociate_service_action_from_provisioning_artifact(
        ServiceActionAssociations=batch
    )["FailedServiceActionAssociations"]
    assert [entry["ErrorCode"] for entry in failed] == ["RESOURCE_NOT_FOUND"]
    for action in (restart, stop):
        team.hub.delete_service_action(Id=action)
    assert team.hub.list_service_actions()["ServiceActionSummaries"] == []


def test_constraints_of_every_type_are_set_changed_and_lifted(team):
    product, stacks = team.product(), team.product("baseline")
    portfolio = team.portfolio(products=[product, stacks])
    topic = f"arn:aws:sns:us-east-1:{team.hub_account.id}:launches"
    allowed = lambda word: {
        "Version": "2.0",
        "Properties": {"TagUpdateOnProvisionedProduct": word},
    }
    instance = {"Fn::Contains": [["t3.micro"], {"Ref": "InstanceType"}]}
    set_of_stacks = {
        "Version": "String",
        "Properties": {
            "AccountList": [team.hub_account.id],
            "RegionList": ["us-east-1"],
            "AdminRole": mimeo.role_of(team.hub_account, "Admin"),
            "ExecutionRole": "Execution",
        },
    }
    wanted = {
        "LAUNCH": (product, {"LocalRoleName": "Launcher"}),
        "NOTIFICATION": (product, {"NotificationArns": [topic]}),
        "RESOURCE_UPDATE": (product, allowed("ALLOWED")),
        "TEMPLATE": (product, {"Rules": {"small": {"Assertions": [{"Assert": instance}]}}}),
        "STACKSET": (stacks, set_of_stacks),
    }
    ids = {
        type: team.constraint(of, portfolio, type, parameters)
        for type, (of, parameters) in wanted.items()
    }
    for type, (of, parameters) in wanted.items():
        described = team.hub.describe_constraint(Id=ids[type])
        assert json.loads(described["ConstraintParameters"]) == parameters
        assert described["Status"] == "AVAILABLE"
        assert described["ConstraintDetail"] == {
            "ConstraintId": ids[type],
            "Type": type,
            "Owner": team.hub_account.id,
            "ProductId": of.id,
            "PortfolioId": portfolio,
        }
    changed = team.hub.update_constraint(
        Id=ids["RESOURCE_UPDATE"],
        Description="Tags stay as they were",
        Parameters=json.dumps(allowed("NOT_ALLOWED")),
    )
    assert changed["ConstraintDetail"]["Description"] == "Tags stay as they were"
    assert json.loads(changed["ConstraintParameters"]) == allowed("NOT_ALLOWED")

    def listed(**of):
        details = team.hub.list_constraints_for_portfolio(PortfolioId=portfolio, **of)
        return {detail["ConstraintId"] for detail in details["ConstraintDetails"]}

    assert listed() == set(ids.values())
    assert listed(ProductId=stacks.id) == {ids["STACKSET"]}
    for constraint in ids.values():
        team.hub.delete_constraint(Id=constraint)
    assert listed() == set()


def test_principals_are_let_into_a_portfolio_and_shown_out(team):
    portfolio = team.portfolio()
    role = mimeo.role_of(team.hub_account, "Developer")
    pattern = "arn:aws:iam:::role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Dev_*"
    principals = [(role, "IAM"), (pattern, "IAM_PATTERN")]
    for arn, type in principals + principals:
        team.hub.associate_principal_with_portfolio(
            PortfolioId=portfolio, PrincipalARN=arn, PrincipalType=type
        )

    def listed():
        found = team.hub.list_principals_for_portfolio(PortfolioId=portfolio)["Principals"]
        return [(one["PrincipalARN"], one["PrincipalType"]) for one in found]

    assert listed() == principals
    for arn, type in principals:
        team.hub.disassociate_principal_from_portfolio(
            PortfolioId=portfolio, PrincipalARN=arn, PrincipalType=type
        )
    assert listed() == []


def test_an_end_user_sees_what_it_may_launch_and_how(team):
    product = team.product(versions=("1.0", "2.0"))
    portfolio = team.portfolio(products=[product])
    team.constraint(product, portfolio, "LAUNCH", {"LocalRoleName": "Launcher"}, Description="d")
    team.hub.update_provisioning_artifact(
        ProductId=product.id, ProvisioningArtifactId=product.versions["1.0"], Active=False
    )
    developer = team.acting_as(team.hub_account, "Developer")
    refused = developer.exceptions.ResourceNotFoundException
    with pytest.raises(refused, match="No launch paths found for resource"):
        developer.list_launch_paths(ProductId=product.id)

    team.let_in(portfolio, "Developer")
    path = portfolio.replace("port-", "lpv3-")
    paths = developer.list_launch_paths(ProductId=product.id)["LaunchPathSummaries"]
    assert paths == [
        {
            "Id": path,
            "Name": "Platform",
            "ConstraintSummaries": [{"Type": "LAUNCH", "Description": "d"}],
            "Tags": [],
        }
    ]
    found = developer.search_products(Filters={"FullTextSearch": ["netw"]})
    (summary,) = found["ProductViewSummaries"]
    assert (summary["Name"], summary["ProductId"]) == ("network", product.id)
    owners = found["ProductViewAggregations"]["Owner"]
    assert owners == [{"Value": "Platform team", "ApproximateCount": 1}]
    described = developer.describe_product(Id=product.id)
    assert described["LaunchPaths"] == [{"Id": path, "Name": "Platform"}]
    assert described["ProductViewSummary"] == summary
    view = developer.describe_product_view(Id=summary["Id"])
    assert view["ProductViewSummary"] == summary
    active = [product.versions["2.0"]]
    for seen in (described, view):
        assert [version["Id"] for version in seen["ProvisioningArtifacts"]] == active

    outsider = team.acting_as(team.hub_account, "Auditor")
    assert outsider.search_products()["ProductViewSummaries"] == []
    with pytest.raises(outsider.exceptions.ResourceNotFoundException):
        outsider.describe_product(Id=product.id)


def test_an_end_user_of_a_spoke_sees_a_shared_product_until_it_is_taken_back(team):
    product = team.product()
    portfolio = team.portfolio(products=[product])
    team.share(portfolio)
    developer = team.acting_as(team.spoke_account, "Developer")
    assert developer.search_products()["ProductViewSummaries"] == []
    team.let_in(portfolio, "Developer", team.spoke_account, team.spoke)
    (seen,) = developer.search_products()["ProductViewSummaries"]
    assert seen["ProductId"] == product.id
    (path,) = developer.list_launch_paths(ProductId=product.id)["LaunchPathSummaries"]
    assert path["Name"] == "Platform"
    team.hub.delete_portfolio_share(PortfolioId=portfolio, AccountId=team.spoke_account.id)
    assert developer.search_products()["ProductViewSummaries"] == []
    with pytest.raises(developer.exceptions.ResourceNotFoundException):
        developer.list_launch_paths(ProductId=product.id)


def test_tag_options_travel_with_a_share_that_says_so(team):
    product = team.product()
    portfolio = team.portfolio(products=[product])
    option = team.tag_option("stage", "test")
    team.hub.associate_tag_option_with_resource(ResourceId=portfolio, TagOptionId=option)
    team.share(portfolio)
    assert team.spoke.describe_portfolio(Id=portfolio)["TagOptions"] == []
    updated = team.hub.update_portfolio_share(
        PortfolioId=portfolio, AccountId=team.spoke_account.id, ShareTagOptions=True
    )
    told = team.hub.describe_portfolio_share_status(
        PortfolioShareToken=updated["PortfolioShareToken"]
    )
    assert (told["Status"], told["PortfolioId"]) == ("COMPLETED", portfolio)
    (seen,) = team.spoke.describe_portfolio(Id=portfolio)["TagOptions"]
    assert seen["Id"] == option


def test_a_portfolio_is_shared_with_a_unit_of_the_organization(organized):
    team = organized
    product = team.product()
    portfolio = team.portfolio(products=[product])
    node = {"Type": "ORGANIZATIONAL_UNIT", "Value": UNITS[0]}
    shared = {"PortfolioId": portfolio, "OrganizationNode": node}
    with pytest.raises(team.hub.exceptions.InvalidStateException):
        team.hub.create_portfolio_share(**shared)
    team.hub.enable_aws_organizations_access()
    status = team.hub.get_aws_organizations_access_status()
    assert status["AccessStatus"] == "ENABLED"

    token = team.hub.create_portfolio_share(SharePrincipals=True, **shared)["PortfolioShareToken"]
    told = team.hub.describe_portfolio_share_status(PortfolioShareToken=token)
    assert (told["Status"], told["OrganizationNodeValue"]) == ("COMPLETED", UNITS[0])
    assert told["ShareDetails"]["ShareErrors"] == []
    nodes = team.hub.list_organization_portfolio_access(
        PortfolioId=portfolio, OrganizationNodeType="ORGANIZATIONAL_UNIT"
    )["OrganizationNodes"]
    assert nodes == [node]
    accepted = team.spoke.list_accepted_portfolio_shares(PortfolioShareType="AWS_ORGANIZATIONS")
    assert [one["Id"] for one in accepted["PortfolioDetails"]] == [portfolio]
    assert team.spoke.list_accepted_portfolio_shares()["PortfolioDetails"] == []

    pattern = {"PrincipalARN": "arn:aws:iam:::role/Dev*", "PrincipalType": "IAM_PATTERN"}
    team.hub.associate_principal_with_portfolio(PortfolioId=portfolio, **pattern)
    developer = team.acting_as(team.spoke_account, "Developer")
    (seen,) = developer.search_products()["ProductViewSummaries"]
    assert seen["ProductId"] == product.id
    team.hub.update_portfolio_share(SharePrincipals=False, **shared)
    assert developer.search_products()["ProductViewSummaries"] == []

    team.hub.delete_portfolio_share(**shared)
    with pytest.raises(team.spoke.exceptions.ResourceNotFoundException):
        team.spoke.describe_portfolio(Id=portfolio)
    team.hub.disable_aws_organizations_access()
    status = team.hub.get_aws_organizations_access_status()
    assert status["AccessStatus"] == "DISABLED"


def test_what_can_be_given_at_launch_is_told(team):
    product = team.product()
    portfolio = team.portfolio(products=[product])
    team.let_in(portfolio, "Developer")
    developer = team.acting_as(team.hub_account, "Developer")
    told = developer.describe_provisioning_parameters(
        ProductId=product.id, ProvisioningArtifactId=product.versions["1.0"]
    )
    assert told["ProvisioningArtifactParameters"] == []
    assert "rules" in {item["Type"] for item in told["UsageInstructions"]}


@pytest.mark.parametrize("operation", PENDING)
def test_what_launches_something_answers_that_it_is_not_there_yet(team, operation):
    with pytest.raises(ClientError) as caught:
        getattr(team.hub, xform_name(operation))(**PENDING[operation])
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert answer["Error"]["Code"] == "NotImplementedException"
    assert answer["Error"]["Message"].startswith(f"{operation} is not implemented by Mimeo yet")


def test_every_operation_of_the_api_was_called(request, protocol, team):
    """Runs last. Whatever is not pending has answered with 200."""
    files = {path.name for path in pathlib.Path(__file__).parent.glob("test_boto3*.py")}
    chosen = {item.path.name for item in request.session.items}
    if not files <= chosen or request.config.option.keyword or "::" in str(request.config.args):
        pytest.skip("only some of the tests with boto3 were chosen")
    answered = {name for name, statuses in mimeo.heard[protocol].items() if 200 in statuses}
    of_model = set(team.hub.meta.service_model.operation_names)
    assert of_model - set(PENDING) - answered == set(), "never answered with 200"
    assert set(PENDING) & answered == set(), "no longer pending"
    assert set(mimeo.heard[protocol]) == of_model
