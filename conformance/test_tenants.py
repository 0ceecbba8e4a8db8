"""Every operation and every kind of id that it takes, when what the id names is the caller's own,
somebody else's, offered and not accepted, accepted, revoked, or not there at all.

What may not be seen answers byte by byte as what does not exist. What an accepted share allows is
in `tenants.json`, which `--raise` writes anew and a reader must agree with.
"""

import json
import pathlib
import re

import mimeo
import probes
import pytest
from conftest import start
from probes import OPERATIONS, Wire
from stage import ABSENT, MANAGEMENT, ORGANIZATION, Stage

EXPECTED = pathlib.Path(__file__).parent / "tenants.json"

# What a bare `Id` names, by how the operation's name ends.
KINDS = {
    "Constraint": "constraint",
    "Portfolio": "portfolio",
    "Product": "product",
    "ProductAsAdmin": "product",
    "ProductView": "view",
    "ServiceAction": "service_action",
    "TagOption": "tag_option",
}
MEMBERS = {
    "CopyProductToken": "copy",
    "PathId": "path",
    "PortfolioId": "portfolio",
    "PortfolioShareToken": "share",
    "ProductId": "product",
    "ProvisioningArtifactId": "artifact",
    "ResourceId": "portfolio",
    "ServiceActionId": "service_action",
    "SourcePortfolioId": "portfolio",
    "SourceProductArn": "product_arn",
    "TagOptionId": "tag_option",
    "TargetProductId": "product",
}
# A portfolio that is offered can be accepted and rejected: that much of it is told.
OF_OFFERS = {"AcceptPortfolioShare", "RejectPortfolioShare"}
ID = re.compile(r"\b(prodview|prod|port|pa|cons|tag|act|lpv3|copyproduct|share)-[a-z2-7]{13}\b")
HIDDEN = ("foreign", "offered", "revoked")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = start(tmp_path_factory.mktemp("tenants"), ORGANIZATION)
    yield server
    assert server.stop() == 0


def kind(operation, member):
    if member != "Id":
        return MEMBERS.get(member)
    return next((kind for end, kind in KINDS.items() if operation.endswith(end)), None)


def places(operation):
    """Where the input has ids: paths and what each names."""
    shape = probes.shape_of(OPERATIONS[operation]["input"]["shape"])

    def walk(shape, path):
        for member, of in shape.get("members", {}).items():
            named, there = kind(operation, member), probes.shape_of(of["shape"])
            if named and there["type"] == "string":
                yield (*path, member), named
            elif there["type"] == "list":
                yield from walk(probes.shape_of(there["member"]["shape"]), (*path, member, 0))

    return list(walk(shape, ()))


class Hub(Stage):
    """An owner with one of each, and how it stands to the caller."""

    def __init__(self, server, template, number, caller, standing):
        super().__init__(server, template, number, "")
        self.principal()
        option, action = self.tag_option(), self.service_action()
        self.tries(
            "AssociateTagOptionWithResource", ResourceId=self.portfolio, TagOptionId=option
        )
        self.tries(
            "AssociateServiceActionWithProvisioningArtifact",
            ServiceActionId=action,
            ProductId=self.product,
            ProvisioningArtifactId=self.artifact,
        )
        self.tries("AssociateBudgetWithResource", BudgetName="monthly", ResourceId=self.portfolio)
        copied = self.wire.does(
            "CopyProduct",
            SourceProductArn=self.known["SourceProductArn"],
            IdempotencyToken=f"copy-{number}",
        )
        self.ids = {
            "artifact": self.artifact,
            "constraint": self.constraint(),
            "copy": copied["CopyProductToken"],
            "path": self.known["PathId"],
            "portfolio": self.portfolio,
            "product": self.product,
            "product_arn": self.known["SourceProductArn"],
            "service_action": action,
            "share": f"share-{ABSENT}",
            "tag_option": option,
            "view": self.product.replace("prod-", "prodview-"),
        }
        if standing != "foreign":
            self.wire.does("CreatePortfolioShare", PortfolioId=self.portfolio, AccountId=caller)
        if standing in ("accepted", "revoked"):
            Wire(server, caller).does("AcceptPortfolioShare", PortfolioId=self.portfolio)
        if standing == "revoked":
            self.wire.does("DeletePortfolioShare", PortfolioId=self.portfolio, AccountId=caller)


def absent(id):
    """An id of the same form that names nothing."""
    return id[: -len(ABSENT)] + ABSENT


class Cast:
    """Numbers for accounts, and the template that all products have."""

    def __init__(self, server):
        self.server = server
        self.numbers = iter(range(100_000, 1_000_000))
        self.template = mimeo.upload(
            server, mimeo.Account.open(MANAGEMENT), "us-east-1", "t.yaml", mimeo.template("t")
        )

    def stage(self, operation):
        return Stage(self.server, self.template, next(self.numbers), operation)

    def hub(self, caller, standing):
        return Hub(self.server, self.template, next(self.numbers), caller, standing)


def answer(stage, operation, base, ids):
    """What is answered with these ids in their places; in the text all ids look alike."""
    input = base
    for path, id in ids.items():
        for at in range(1, len(path)):
            if isinstance(path[at], int) and not _there(input, path[:at]):
                input = probes.with_value(input, path[:at], [{}])
        input = probes.with_value(input, path, id)
    status, told = stage.wire.call(operation, input)
    return status, ID.sub(r"\1-ID", json.dumps(told, sort_keys=True))


def _there(input, path):
    for step in path:
        if not isinstance(input, dict) or step not in input:
            return False
        input = input[step]
    return True


def questions(operation):
    """Each place of an id by itself, and all of them together."""
    found = places(operation)
    for path, named in found:
        yield ".".join(str(step) for step in path), {path: named}
    if len(found) > 1:
        yield "together", dict(found)


def test_what_may_not_be_seen_answers_as_what_does_not_exist(server):
    cast, told = Cast(server), []
    checked = 0
    for operation in sorted(OPERATIONS):
        for name, asked in questions(operation):
            for standing in HIDDEN:
                if standing == "offered" and operation in OF_OFFERS:
                    continue
                stage = cast.stage(operation)
                base, hub = stage.base(operation), cast.hub(stage.account, standing)
                ids = {path: hub.ids[named] for path, named in asked.items()}
                there = answer(stage, operation, base, ids)
                gone = answer(
                    stage, operation, base, {path: absent(id) for path, id in ids.items()}
                )
                checked += 1
                if there != gone:
                    told.append(f"{operation} {name} {standing}:\n  {there}\n  {gone}")
    assert not told, "\n".join(told)
    assert checked > 250


def test_an_accepted_share_allows_what_is_written_down_and_no_more(server, request):
    cast, found = Cast(server), {}
    for operation in sorted(OPERATIONS):
        for name, asked in questions(operation):
            stage = cast.stage(operation)
            base, hub = stage.base(operation), cast.hub(stage.account, "accepted")
            ids = {path: hub.ids[named] for path, named in asked.items()}
            status, told = answer(stage, operation, base, ids)
            told = json.loads(told)
            outcome = "answered" if status == 200 else told["__type"]
            failed = told.get("FailedServiceActionAssociations")
            if status == 200 and failed:
                outcome = f"answered, {failed[0]['ErrorCode']}"
            found[f"{operation} {name}"] = outcome
    if request.config.getoption("--raise"):
        EXPECTED.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    assert found == json.loads(EXPECTED.read_text())
