"""A platform team: a hub that publishes, a spoke that receives, end users who launch."""

import json

import mimeo

REGION = "us-east-1"
TAGS = [("team", "platform"), ("cost-centre", "4711")]


class Team:
    """A hub and a spoke that nobody else uses, and the verbs of their stories."""

    def __init__(self, server, hub, spoke, protocol):
        self.server, self.protocol = server, protocol
        self.hub_account, self.spoke_account = hub, spoke
        self.hub, self.spoke = self.client(hub), self.client(spoke)

    def client(self, account, region=REGION):
        return mimeo.client(self.server, account, region, self.protocol)

    def acting_as(self, account, role):
        """An end user of an account."""
        role_arn = mimeo.role_of(account, role)
        return self.client(mimeo.assumed(self.server, account, role_arn))

    def product(self, name="network", versions=("1.0",)):
        return mimeo.publish(
            self.server, self.hub_account, REGION, self.hub, name, list(versions), TAGS
        )

    def portfolio(self, name="Platform", products=()):
        made = self.hub.create_portfolio(DisplayName=name, ProviderName="Platform team")
        portfolio = made["PortfolioDetail"]["Id"]
        for product in products:
            self.hub.associate_product_with_portfolio(
                ProductId=product.id, PortfolioId=portfolio
            )
        return portfolio

    def share(self, portfolio):
        mimeo.share(self.hub, portfolio, self.spoke, self.spoke_account.id)

    def let_in(self, portfolio, role, account=None, catalog=None):
        (catalog or self.hub).associate_principal_with_portfolio(
            PortfolioId=portfolio,
            PrincipalARN=mimeo.role_of(account or self.hub_account, role),
            PrincipalType="IAM",
        )

    def tag_option(self, key, value):
        return self.hub.create_tag_option(Key=key, Value=value)["TagOptionDetail"]["Id"]

    def action(self, name="Restart"):
        made = self.hub.create_service_action(
            Name=name,
            DefinitionType="SSM_AUTOMATION",
            Definition={"Name": "AWS-RestartEC2Instance", "Version": "1"},
            Description="Turns it off and on again",
        )
        return made["ServiceActionDetail"]["ServiceActionSummary"]["Id"]

    def constraint(self, product, portfolio, type, parameters, **more):
        return self.hub.create_constraint(
            ProductId=product.id,
            PortfolioId=portfolio,
            Type=type,
            Parameters=json.dumps(parameters),
            **more,
        )["ConstraintDetail"]["ConstraintId"]


def pages(catalog, operation, key, size, **parameters):
    """How many pages a paginator reads, and the items on all of them."""
    paginator = catalog.get_paginator(operation)
    read = list(paginator.paginate(PaginationConfig={"PageSize": size}, **parameters))
    assert all(len(page[key]) <= size for page in read)
    return len(read), [item for page in read for item in page[key]]
