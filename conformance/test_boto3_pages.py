"""Every paginator that botocore has for Service Catalog, over more than one page."""

import itertools

from botocore import xform_name

import mimeo
from conftest import UNITS
from pending import PENDING
from team import pages

COUNT = 5
SIZE = 2
PAGES = 3

PAGED = {
    "SearchProductsAsAdmin",
    "ListAcceptedPortfolioShares",
    "ListPortfolios",
    "ListConstraintsForPortfolio",
    "ListLaunchPaths",
    "ListTagOptions",
    "ListPortfoliosForProduct",
    "ListPrincipalsForPortfolio",
    "ListResourcesForTagOption",
    "ListOrganizationPortfolioAccess",
    "ListProvisioningArtifactsForServiceAction",
    "ListServiceActions",
    "ListServiceActionsForProvisioningArtifact",
}


class Shelf:
    """A hub that has five of each thing that can be listed."""

    def __init__(self, team):
        self.team, hub = team, team.hub
        self.product = team.product(versions=[f"{number}.0" for number in range(1, COUNT + 1)])
        self.others = [team.product(f"other-{number}") for number in range(COUNT - 1)]
        self.portfolios = [
            team.portfolio(f"Shelf {number}", [self.product]) for number in range(COUNT)
        ]
        self.first = self.portfolios[0]
        self.versions = list(self.product.versions.values())
        for portfolio in self.portfolios:
            team.share(portfolio)
        self.roles = [f"Role-{number}" for number in range(COUNT)]
        self.actions = [team.action(f"Action-{number}") for number in range(COUNT)]
        self.options = [team.tag_option("stage", f"s{number}") for number in range(COUNT)]
        for portfolio in self.portfolios:
            hub.associate_tag_option_with_resource(
                ResourceId=portfolio, TagOptionId=self.options[0]
            )
        topic = f"arn:aws:sns:us-east-1:{team.hub_account.id}:t"
        self.constraints = [
            team.constraint(
                self.product, self.first, "NOTIFICATION", {"NotificationArns": [f"{topic}{number}"]}
            )
            for number in range(COUNT)
        ]
        on_first = itertools.product(self.versions[:1], self.actions)
        with_first = itertools.product(self.versions[1:], self.actions[:1])
        for version, action in itertools.chain(on_first, with_first):
            hub.associate_service_action_with_provisioning_artifact(
                ProductId=self.product.id, ProvisioningArtifactId=version, ServiceActionId=action
            )

    def cases(self):
        """Per paginator: what it is asked, its items' key, how an item is known, those wanted."""
        artifact = {"ProductId": self.product.id, "ProvisioningArtifactId": self.versions[0]}
        products = [self.product.id, *(other.id for other in self.others)]
        product_of = lambda item: item["ProductViewSummary"]["ProductId"]
        id_of = lambda item: item["Id"]
        of_portfolio = {"PortfolioId": self.first}
        of_product = {"ProductId": self.product.id}
        return {
            "search_products_as_admin": ({}, "ProductViewDetails", product_of, products),
            "list_portfolios": ({}, "PortfolioDetails", id_of, self.portfolios),
            "list_portfolios_for_product": (
                of_product, "PortfolioDetails", id_of, self.portfolios,
            ),
            "list_constraints_for_portfolio": (
                of_portfolio, "ConstraintDetails", lambda item: item["ConstraintId"],
                self.constraints,
            ),
            "list_tag_options": ({}, "TagOptionDetails", id_of, self.options),
            "list_resources_for_tag_option": (
                {"TagOptionId": self.options[0]}, "ResourceDetails", id_of, self.portfolios,
            ),
            "list_service_actions": ({}, "ServiceActionSummaries", id_of, self.actions),
            "list_service_actions_for_provisioning_artifact": (
                artifact, "ServiceActionSummaries", id_of, self.actions,
            ),
            "list_provisioning_artifacts_for_service_action": (
                {"ServiceActionId": self.actions[0]}, "ProvisioningArtifactViews",
                lambda item: item["ProvisioningArtifact"]["Id"], self.versions,
            ),
        }  # fmt: skip


def sees_each_once(catalog, operation, asked, key, known_by, wanted):
    count, items = pages(catalog, operation, key, SIZE, **asked)
    assert count == PAGES, operation
    assert sorted(map(known_by, items)) == sorted(wanted), operation


def test_the_paginators_of_administrators_see_each_item_once(team):
    shelf = Shelf(team)
    for operation, case in shelf.cases().items():
        sees_each_once(team.hub, operation, *case)
    sees_each_once(
        team.spoke, "list_accepted_portfolio_shares", {}, "PortfolioDetails",
        lambda item: item["Id"], shelf.portfolios,
    )  # fmt: skip


def test_the_paginators_of_principals_and_of_end_users_see_each_item_once(team):
    product = team.product()
    portfolios = [team.portfolio(f"Shelf {number}", [product]) for number in range(COUNT)]
    roles = [f"Role-{number}" for number in range(COUNT)]
    for portfolio in portfolios:
        team.let_in(portfolio, "Developer")
    for role in roles:
        team.let_in(portfolios[0], role)
    arns = [mimeo.role_of(team.hub_account, role) for role in [*roles, "Developer"]]
    sees_each_once(
        team.hub, "list_principals_for_portfolio", {"PortfolioId": portfolios[0]}, "Principals",
        lambda item: item["PrincipalARN"], arns,
    )  # fmt: skip
    paths = [portfolio.replace("port-", "lpv3-") for portfolio in portfolios]
    developer = team.acting_as(team.hub_account, "Developer")
    sees_each_once(
        developer, "list_launch_paths", {"ProductId": product.id}, "LaunchPathSummaries",
        lambda item: item["Id"], paths,
    )  # fmt: skip


def test_the_paginator_of_nodes_sees_each_once(organized):
    organized.hub.enable_aws_organizations_access()
    portfolio = organized.portfolio()
    for unit in UNITS:
        node = {"Type": "ORGANIZATIONAL_UNIT", "Value": unit}
        organized.hub.create_portfolio_share(PortfolioId=portfolio, OrganizationNode=node)
    asked = {"PortfolioId": portfolio, "OrganizationNodeType": "ORGANIZATIONAL_UNIT"}
    sees_each_once(
        organized.hub, "list_organization_portfolio_access", asked, "OrganizationNodes",
        lambda item: item["Value"], UNITS,
    )  # fmt: skip


def test_every_paginator_is_tried_or_pages_what_is_still_to_come(team):
    model = team.hub.meta.service_model
    paged = {name for name in model.operation_names if team.hub.can_paginate(xform_name(name))}
    assert paged - set(PENDING) == PAGED
