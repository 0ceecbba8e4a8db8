"""Filling a spoke's own portfolio from a hub's, as Service Catalog Puppet does.

Each run copies only what the spoke lacks, all products at once, then mirrors what the hub says of
the versions that were there before.
"""

import time

import pytest

import mimeo

POLLS_MAX = 600


@pytest.fixture
def clients(open_server, account, protocol):
    hub, spoke = account(), account()
    make = lambda who: mimeo.client(open_server, who, "eu-west-1", protocol)
    return open_server, hub, make(hub), spoke, make(spoke)


def portfolio(catalog, name):
    created = catalog.create_portfolio(DisplayName=name, ProviderName="puppet")
    return created["PortfolioDetail"]["Id"]


def products_of(catalog, portfolio):
    pages = catalog.get_paginator("search_products_as_admin").paginate(PortfolioId=portfolio)
    return {
        view["ProductViewSummary"]["Name"]: view
        for page in pages
        for view in page["ProductViewDetails"]
    }


def versions_of(catalog, view):
    listed = catalog.list_provisioning_artifacts(
        ProductId=view["ProductViewSummary"]["ProductId"]
    )
    return {version["Name"]: version for version in listed["ProvisioningArtifactDetails"]}


def start_copies(hub, hub_products, spoke, spoke_products):
    """Starts a copy for each product that lacks a version; answers tokens by product name."""
    started = {}
    for name, view in hub_products.items():
        there = spoke_products.get(name)
        known = versions_of(spoke, there) if there else {}
        missing = [
            {"Id": version["Id"]}
            for version_name, version in versions_of(hub, view).items()
            if version_name != "-" and version_name not in known
        ]
        if not missing:
            continue
        wish = {
            "SourceProductArn": view["ProductARN"],
            "SourceProvisioningArtifactIdentifiers": missing,
            "CopyOptions": ["CopyTags"],
        }
        if there:
            wish["TargetProductId"] = there["ProductViewSummary"]["ProductId"]
        started[name] = spoke.copy_product(**wish)["CopyProductToken"]
    return started


def mirror_versions(hub, hub_products, spoke, before):
    for name, (view, versions) in before.items():
        wanted = versions_of(hub, hub_products[name])
        for version_name, version in versions.items():
            source = wanted[version_name]
            spoke.update_provisioning_artifact(
                ProductId=view["ProductViewSummary"]["ProductId"],
                ProvisioningArtifactId=version["Id"],
                Active=source["Active"],
                Guidance=source["Guidance"],
                Description=source.get("Description", ""),
            )


def puppet(hub, hub_portfolio, spoke, local):
    """One run; answers the names of the products for which something was copied."""
    hub_products = products_of(hub, hub_portfolio)
    spoke_products = products_of(spoke, local)
    before = {name: (view, versions_of(spoke, view)) for name, view in spoke_products.items()}
    started = start_copies(hub, hub_products, spoke, spoke_products)
    for name, token in started.items():
        status = mimeo.wait_for_copy(spoke, token)
        assert status["CopyProductStatus"] == "SUCCEEDED", status
        if name not in spoke_products:
            spoke.associate_product_with_portfolio(
                ProductId=status["TargetProductId"], PortfolioId=local
            )
    mirror_versions(hub, hub_products, spoke, before)
    for _ in range(POLLS_MAX):
        if set(products_of(spoke, local)) >= set(hub_products):
            return set(started)
        time.sleep(0.01)
    raise TimeoutError("the portfolio did not show its new products")


def test_a_spoke_is_filled_and_kept_in_step(clients):
    server, hub_account, hub, spoke_account, spoke = clients
    publish = lambda name, versions: mimeo.publish(
        server, hub_account, "eu-west-1", hub, name, versions, [("team", "platform")]
    )
    shared, local = portfolio(hub, "hub"), portfolio(spoke, "local")
    published = {
        name: publish(name, versions)
        for name, versions in {
            "network": ["v1", "v2"],
            "bucket": ["v1", "-"],
            "events": ["v1", "v2", "v3"],
        }.items()
    }
    for product in published.values():
        hub.associate_product_with_portfolio(ProductId=product.id, PortfolioId=shared)
    mimeo.share(hub, shared, spoke, spoke_account.id)

    assert puppet(hub, shared, spoke, local) == {"network", "bucket", "events"}
    assert puppet(hub, shared, spoke, local) == set()

    body = mimeo.template("network v3")
    url = mimeo.upload(server, hub_account, "eu-west-1", "network-v3.yaml", body)
    network = published["network"]
    hub.create_provisioning_artifact(
        ProductId=network.id, Parameters=mimeo.properties(url, "v3")
    )
    hub.update_provisioning_artifact(
        ProductId=network.id,
        ProvisioningArtifactId=network.versions["v1"],
        Active=False,
        Guidance="DEPRECATED",
        Description="use v3",
    )
    assert puppet(hub, shared, spoke, local) == {"network"}

    filled = products_of(spoke, local)
    assert set(filled) == {"network", "bucket", "events"}
    copy = filled["network"]
    versions = versions_of(spoke, copy)
    assert list(versions) == ["v1", "v2", "v3"]
    old = versions["v1"]
    assert (old["Active"], old["Guidance"], old["Description"]) == (False, "DEPRECATED", "use v3")
    wanted = network.digests | {"v3": mimeo.digest_of(body)}
    assert mimeo.digests(spoke, copy["ProductViewSummary"]["ProductId"]) == wanted
    assert list(versions_of(spoke, filled["bucket"])) == ["v1"]
