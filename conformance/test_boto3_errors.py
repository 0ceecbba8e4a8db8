"""Every modelled error, caught as boto3's users catch it: by the client's exception classes.

All but one: TagOptionNotMigratedException tells of accounts that are older than TagOptions and were
not migrated. Mimeo has no such accounts, so it never raises it; its operations declare it only.
"""

import json

import pytest

NEVER = {"TagOptionNotMigratedException"}
ABSENT = "aaaaaaaaaaaaa"


class Refusals:
    """Calls that are refused, by the name of the exception."""

    def __init__(self, team):
        self.team, self.hub = team, team.hub
        self.product = team.product(versions=("1.0",))
        self.portfolio = team.portfolio(products=[self.product])

    def invalid_parameters(self):
        yield self.hub.describe_product_as_admin, {}
        yield self.hub.create_constraint, {
            "PortfolioId": self.portfolio,
            "ProductId": self.product.id,
            "Type": "LAUNCH",
            "Parameters": json.dumps({"LocalRoleName": "a", "RoleArn": "b"}),
        }
        yield self.hub.list_portfolios, {"PageToken": "no such page"}
        yield self.hub.copy_product, {"SourceProductArn": "arn:aws:s3:::bucket"}

    def resource_not_found(self):
        yield self.hub.describe_portfolio, {"Id": f"port-{ABSENT}"}
        yield self.hub.describe_tag_option, {"Id": f"tag-{ABSENT}"}
        yield self.hub.describe_constraint, {"Id": f"cons-{ABSENT}"}
        yield self.hub.describe_service_action, {"Id": f"act-{ABSENT}"}
        yield self.team.spoke.describe_portfolio, {"Id": self.portfolio}

    def resource_in_use(self):
        yield self.hub.delete_product, {"Id": self.product.id}
        yield self.hub.delete_portfolio, {"Id": self.portfolio}
        option = self.team.tag_option("stage", "test")
        self.hub.associate_tag_option_with_resource(
            ResourceId=self.portfolio, TagOptionId=option
        )
        yield self.hub.delete_tag_option, {"Id": option}
        yield self.hub.delete_provisioning_artifact, {
            "ProductId": self.product.id,
            "ProvisioningArtifactId": self.product.versions["1.0"],
        }

    def duplicate_resource(self):
        self.team.tag_option("team", "platform")
        yield self.hub.create_tag_option, {"Key": "team", "Value": "platform"}
        launch = {"LocalRoleName": "Launcher"}
        self.team.constraint(self.product, self.portfolio, "LAUNCH", launch)
        yield self.hub.create_constraint, {
            "PortfolioId": self.portfolio,
            "ProductId": self.product.id,
            "Type": "LAUNCH",
            "Parameters": json.dumps(launch),
        }
        budget = {"BudgetName": "monthly", "ResourceId": self.portfolio}
        self.hub.associate_budget_with_resource(**budget)
        yield self.hub.associate_budget_with_resource, budget

    def limit_exceeded(self):
        tags = [{"Key": f"k{number}", "Value": "v"} for number in range(21)]
        self.hub.update_portfolio(Id=self.portfolio, AddTags=tags[:20])
        yield self.hub.update_portfolio, {"Id": self.portfolio, "AddTags": tags[20:]}
        self.hub.associate_budget_with_resource(
            BudgetName="monthly", ResourceId=self.product.id
        )
        yield self.hub.associate_budget_with_resource, {
            "BudgetName": "yearly",
            "ResourceId": self.product.id,
        }

    def operation_not_supported(self):
        """Without an organization."""
        yield self.hub.get_aws_organizations_access_status, {}
        yield self.hub.enable_aws_organizations_access, {}
        yield self.hub.create_portfolio_share, {
            "PortfolioId": self.portfolio,
            "OrganizationNode": {"Type": "ORGANIZATION", "Value": "o-exampleorg1"},
        }


def are_raised(name, refusals):
    count = 0
    for call, parameters in refusals:
        with pytest.raises(getattr(call.__self__.exceptions, name)) as caught:
            call(**parameters)
        answer = caught.value.response
        assert answer["Error"]["Code"] == name
        assert answer["Error"]["Message"]
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
        count += 1
    assert count


RAISED = {
    "InvalidParametersException": Refusals.invalid_parameters,
    "ResourceNotFoundException": Refusals.resource_not_found,
    "ResourceInUseException": Refusals.resource_in_use,
    "DuplicateResourceException": Refusals.duplicate_resource,
    "LimitExceededException": Refusals.limit_exceeded,
    "OperationNotSupportedException": Refusals.operation_not_supported,
}


@pytest.mark.parametrize("name", RAISED)
def test_a_modelled_error_has_its_class(team, name):
    are_raised(name, RAISED[name](Refusals(team)))


def test_an_organization_without_access_is_an_invalid_state(organized):
    portfolio = organized.portfolio()
    node = {"Type": "ORGANIZATION", "Value": "o-exampleorg1"}
    refused = (
        organized.hub.create_portfolio_share,
        {"PortfolioId": portfolio, "OrganizationNode": node},
    )
    are_raised("InvalidStateException", [refused])


def test_every_modelled_error_is_raised_but_one(team):
    model = team.hub.meta.service_model
    modelled = {
        error.name
        for name in model.operation_names
        for error in model.operation_model(name).error_shapes
    }
    assert modelled == {*RAISED, "InvalidStateException", *NEVER}
