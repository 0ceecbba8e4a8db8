"""Catalogues in which every operation has something to work on, an account each."""

import json

import probes
from probes import OPERATIONS, Wire

ABSENT = "aaaaaaaaaaaaa"
MANAGEMENT = "111122223333"
UNIT = "ou-ab12-cdefghij"
ORGANIZATION = f"""
[organization]
id = "o-abcdefghij"
management_account = "{MANAGEMENT}"

[[organization.unit]]
id = "{UNIT}"
name = "Workloads"

[[organization.account]]
id = "{MANAGEMENT}"
name = "management"
"""
# These ask who the caller is in its organization.
OF_ORGANIZATIONS = {
    "DescribePortfolioShareStatus",
    "DisableAWSOrganizationsAccess",
    "EnableAWSOrganizationsAccess",
    "GetAWSOrganizationsAccessStatus",
    "ListOrganizationPortfolioAccess",
}


class Stage:
    """A catalogue in which every operation has something to work on, in an account of its own."""

    def __init__(self, server, template, number, operation):
        of_organization = operation in OF_ORGANIZATIONS
        self.account = MANAGEMENT if of_organization else f"{400_000_000_000 + number}"
        self.wire = Wire(server, self.account)
        does, number = self.wire.does, f"{number}"
        role = f"arn:aws:iam::{self.account}:role/Builder"
        info = {"LoadTemplateFromURL": template}
        version = {"Name": "v1", "Info": info, "Type": "CLOUD_FORMATION_TEMPLATE"}
        made = does(
            "CreateProduct",
            Name=f"Bucket-{number}",
            Owner="Platform",
            ProductType="CLOUD_FORMATION_TEMPLATE",
            IdempotencyToken=f"product-{number}",
            ProvisioningArtifactParameters=version,
        )
        view = made["ProductViewDetail"]
        product = view["ProductViewSummary"]["ProductId"]
        artifact = made["ProvisioningArtifactDetail"]["Id"]
        portfolio = does(
            "CreatePortfolio",
            DisplayName="Storage",
            ProviderName="Platform",
            IdempotencyToken=f"portfolio-{number}",
        )["PortfolioDetail"]["Id"]
        self.known = {
            "AcceptLanguage": "en",
            "AccountId": "210987654321",
            "AccessLevelFilter": {"Key": "Account", "Value": "self"},
            "ArtifactId": artifact,
            "BudgetName": "monthly",
            "Definition": {"Name": "AWS-RestartEC2Instance", "Version": "1"},
            "IdempotencyToken": f"token-{number}",
            "Info": info,
            "Name": f"Bucket-{number}",
            "NotificationArns": ["arn:aws:sns:us-east-1:123456789012:topic"],
            "OrganizationNode": {"Type": "ORGANIZATIONAL_UNIT", "Value": UNIT},
            "OrganizationParentId": UNIT,
            "PageToken": "no such page",
            "PathId": portfolio.replace("port-", "lpv3-"),
            "PathName": "Storage",
            "PortfolioId": portfolio,
            "PrincipalARN": role,
            "PrincipalType": "IAM",
            "ProductId": product,
            "ProductName": f"Bucket-{number}",
            "ProductType": "CLOUD_FORMATION_TEMPLATE",
            "ProvisioningArtifactId": artifact,
            "ProvisioningArtifactName": "v1",
            "ProvisioningArtifactParameters": version,
            "ResourceId": portfolio,
            "SourcePortfolioId": portfolio,
            "SourceProductArn": view["ProductARN"],
            "SourceConnection": {
                "Type": "CODESTAR",
                "ConnectionParameters": {
                    "CodeStar": {
                        "ConnectionArn": "arn:aws:codestar-connections:us-east-1:1:connection/x",
                        "Repository": "templates",
                        "Branch": "main",
                        "ArtifactPath": "bucket.yaml",
                    }
                },
            },
            "SupportUrl": "https://example.com/help",
            "Tags": [{"Key": "team", "Value": "platform"}],
            "AddTags": [{"Key": "team", "Value": "platform"}],
            "RemoveTags": ["team"],
            "TargetProductId": product,
            "TargetProductName": "Copy",
        }
        self.product, self.portfolio, self.artifact, self.version = product, portfolio, artifact, version
        self.number = number

    def tries(self, operation, **input):
        """What an operation made, or nothing where it is not there yet."""
        status, answer = self.wire.call(operation, input)
        assert status in (200, 400, 501), (operation, answer)
        return answer if status == 200 else {}

    def associated(self):
        self.wire.does(
            "AssociateProductWithPortfolio", ProductId=self.product, PortfolioId=self.portfolio
        )

    def principal(self):
        self.associated()
        self.tries(
            "AssociatePrincipalWithPortfolio",
            PortfolioId=self.portfolio,
            PrincipalARN=self.known["PrincipalARN"],
            PrincipalType="IAM",
        )

    def tag_option(self):
        made = self.tries("CreateTagOption", Key="stage", Value=f"test{self.number}")
        return made.get("TagOptionDetail", {}).get("Id", f"tag-{ABSENT}")

    def service_action(self):
        made = self.tries(
            "CreateServiceAction",
            Name="Restart",
            DefinitionType="SSM_AUTOMATION",
            Definition=self.known["Definition"],
            IdempotencyToken=f"action-{self.number}",
        )
        summary = made.get("ServiceActionDetail", {}).get("ServiceActionSummary", {})
        return summary.get("Id", f"act-{ABSENT}")

    def action_entry(self):
        return {
            "ServiceActionId": self.service_action(),
            "ProductId": self.product,
            "ProvisioningArtifactId": self.artifact,
        }

    def constraint(self):
        self.associated()
        made = self.tries("CreateConstraint", IdempotencyToken=f"c-{self.number}", **self.rule())
        return made.get("ConstraintDetail", {}).get("ConstraintId", f"cons-{ABSENT}")

    def rule(self):
        return {
            "PortfolioId": self.portfolio,
            "ProductId": self.product,
            "Type": "LAUNCH",
            "Parameters": json.dumps({"LocalRoleName": "Launcher"}),
        }

    def offer(self):
        """A portfolio of somebody else that is shared with this account."""
        other = Wire.__new__(Wire)
        other.__dict__.update(self.wire.__dict__)
        other.credential = self.wire.credential.replace(self.account, "9" * 12)
        portfolio = other.does(
            "CreatePortfolio",
            DisplayName="Offered",
            ProviderName="Hub",
            IdempotencyToken=f"offer-{self.number}",
        )["PortfolioDetail"]["Id"]
        other.does("CreatePortfolioShare", PortfolioId=portfolio, AccountId=self.account)
        return {"PortfolioId": portfolio}

    def organization_share(self):
        self.tries("EnableAWSOrganizationsAccess")
        node = {"Type": "ORGANIZATIONAL_UNIT", "Value": UNIT}
        made = self.tries("CreatePortfolioShare", PortfolioId=self.portfolio, OrganizationNode=node)
        return made.get("PortfolioShareToken", f"share-{ABSENT}")

    def base(self, operation):
        """The required members of an ordinary input, everything that they name made first."""
        prepare = PREPARED.get(operation)
        given = prepare(self) if prepare else {}
        required = probes.shape_of(OPERATIONS[operation]["input"]["shape"]).get("required", ())
        shape = probes.shape_of(OPERATIONS[operation]["input"]["shape"])
        input = {
            member: probes.sample(
                member, probes.shape_of(shape["members"][member]["shape"]), self.known
            )
            for member in required
        }
        return input | given


def of_portfolio(stage):
    return {"Id": stage.portfolio}


def of_product(stage):
    return {"Id": stage.product}


def tag_option_on_portfolio(stage):
    option = stage.tag_option()
    stage.tries(
        "AssociateTagOptionWithResource", ResourceId=stage.portfolio, TagOptionId=option
    )
    return {"TagOptionId": option}


def action_on_artifact(stage):
    entry = stage.action_entry()
    stage.tries("AssociateServiceActionWithProvisioningArtifact", **entry)
    return entry


def budget_on_portfolio(stage):
    stage.tries(
        "AssociateBudgetWithResource", BudgetName="monthly", ResourceId=stage.portfolio
    )
    return {}


def shared(stage):
    stage.wire.does(
        "CreatePortfolioShare", PortfolioId=stage.portfolio, AccountId=stage.known["AccountId"]
    )
    return {"AccountId": stage.known["AccountId"]}


def copy_token(stage):
    return stage.wire.does(
        "CopyProduct",
        SourceProductArn=stage.known["SourceProductArn"],
        IdempotencyToken=f"copy-{stage.number}",
    )


def second_version(stage):
    made = stage.wire.does(
        "CreateProvisioningArtifact",
        ProductId=stage.product,
        Parameters=stage.version | {"Name": "v2"},
        IdempotencyToken=f"v2-{stage.number}",
    )
    return {"ProvisioningArtifactId": made["ProvisioningArtifactDetail"]["Id"]}


def after(make, given=None):
    """Calls `make`, and gives the input what `given` says."""

    def prepare(stage):
        make(stage)
        return given(stage) if given else {}

    return prepare


def disabled(stage):
    stage.tries("EnableAWSOrganizationsAccess")
    return {}


PREPARED = {
    "AcceptPortfolioShare": Stage.offer,
    "AssociateServiceActionWithProvisioningArtifact": Stage.action_entry,
    "AssociateTagOptionWithResource": lambda stage: {"TagOptionId": stage.tag_option()},
    "BatchAssociateServiceActionWithProvisioningArtifact": lambda stage: {
        "ServiceActionAssociations": [stage.action_entry()]
    },
    "BatchDisassociateServiceActionFromProvisioningArtifact": lambda stage: {
        "ServiceActionAssociations": [action_on_artifact(stage)]
    },
    "CreateConstraint": after(Stage.associated, Stage.rule),
    "CreatePortfolioShare": lambda stage: {"AccountId": stage.known["AccountId"]},
    "CreateProduct": lambda stage: {"ProvisioningArtifactParameters": stage.version},
    "CreateProvisioningArtifact": lambda stage: {"Parameters": stage.version | {"Name": "v2"}},
    "DeleteConstraint": lambda stage: {"Id": stage.constraint()},
    "DeletePortfolio": of_portfolio,
    "DeletePortfolioShare": shared,
    "DeleteProduct": of_product,
    "DeleteProvisioningArtifact": second_version,
    "DeleteServiceAction": lambda stage: {"Id": stage.service_action()},
    "DeleteTagOption": lambda stage: {"Id": stage.tag_option()},
    "DescribeConstraint": lambda stage: {"Id": stage.constraint()},
    "DescribeCopyProductStatus": copy_token,
    "DescribePortfolio": of_portfolio,
    "DescribePortfolioShareStatus": lambda stage: {
        "PortfolioShareToken": stage.organization_share()
    },
    "DescribePortfolioShares": lambda stage: {"Type": "ACCOUNT"},
    "DescribeProduct": after(Stage.principal, of_product),
    "DescribeProductAsAdmin": of_product,
    "DescribeProductView": after(
        Stage.principal, lambda stage: {"Id": stage.product.replace("prod-", "prodview-")}
    ),
    "DescribeProvisioningArtifact": lambda stage: {
        "ProductId": stage.product,
        "ProvisioningArtifactId": stage.artifact,
    },
    "DescribeProvisioningParameters": after(
        Stage.principal,
        lambda stage: {"ProductId": stage.product, "ProvisioningArtifactId": stage.artifact},
    ),
    "DescribeServiceAction": lambda stage: {"Id": stage.service_action()},
    "DescribeTagOption": lambda stage: {"Id": stage.tag_option()},
    "DisableAWSOrganizationsAccess": disabled,
    "DisassociateBudgetFromResource": budget_on_portfolio,
    "DisassociatePrincipalFromPortfolio": after(Stage.principal),
    "DisassociateProductFromPortfolio": after(Stage.associated),
    "DisassociateServiceActionFromProvisioningArtifact": action_on_artifact,
    "DisassociateTagOptionFromResource": tag_option_on_portfolio,
    "ListBudgetsForResource": budget_on_portfolio,
    "ListLaunchPaths": after(Stage.principal),
    "ListOrganizationPortfolioAccess": after(
        Stage.organization_share, lambda stage: {"OrganizationNodeType": "ORGANIZATIONAL_UNIT"}
    ),
    "ListPortfoliosForProduct": after(Stage.associated),
    "ListProvisioningArtifactsForServiceAction": lambda stage: {
        "ServiceActionId": action_on_artifact(stage)["ServiceActionId"]
    },
    "ListResourcesForTagOption": tag_option_on_portfolio,
    "ListServiceActionsForProvisioningArtifact": after(action_on_artifact),
    "RejectPortfolioShare": Stage.offer,
    "UpdateConstraint": lambda stage: {"Id": stage.constraint()},
    "UpdatePortfolio": of_portfolio,
    "UpdatePortfolioShare": shared,
    "UpdateProduct": of_product,
    "UpdateServiceAction": lambda stage: {"Id": stage.service_action()},
    "UpdateTagOption": lambda stage: {"Id": stage.tag_option()},
}
