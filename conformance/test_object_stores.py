"""Templates in buckets of moto's S3: kept, copied between two of them, and missed for a while."""

import socket
import threading
import time

import boto3
import pytest

import mimeo
from conftest import start

ACCOUNT = mimeo.Account.open("111111111111")
HERE, THERE = "us-east-1", "eu-west-1"
SOURCE, TARGET = "mimeo-source", "mimeo-target"

KEYS = 'access_key_id = "AKIABUCKET"\nsecret_access_key = "secret"\n'
KEY_VARIABLES = {"AWS_ACCESS_KEY_ID": "AKIABUCKET", "AWS_SECRET_ACCESS_KEY": "secret"}

AWAY_SECONDS = 3


def settings(endpoint, style="path_style = true\n", keys=KEYS):
    """One bucket for the first Region and one for the second."""
    return (
        f'[templates]\nstore = "s3://{SOURCE}/of/prod"\n'
        f'[bucket]\nendpoint = "{endpoint}"\n{style}{keys}'
        f'[[region]]\nname = "{THERE}"\ntemplates = "s3://{TARGET}/of/prod"\n'
    )


class Buckets:
    """What lies in moto's buckets, and how often something was put there."""

    def __init__(self, url, folder):
        self.log = folder / "moto.log"
        self.s3 = boto3.session.Session().client(
            "s3",
            region_name=HERE,
            endpoint_url=url,
            aws_access_key_id="AKIABUCKET",
            aws_secret_access_key="secret",
        )
        for bucket in (SOURCE, TARGET):
            self.s3.create_bucket(Bucket=bucket)

    def keys(self, bucket):
        return {found["Key"] for found in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])}

    def puts_count(self, bucket):
        """Of bodies, by moto's log of requests."""
        lines = self.log.read_text().splitlines()
        return sum(f'"PUT /{bucket}/of/prod/' in line for line in lines)


@pytest.fixture
def buckets(moto, tmp_path):
    return Buckets(moto, tmp_path)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "mimeo"
    made.mkdir()
    return made


def key_of(body):
    digest = mimeo.digest_of(body).removeprefix("sha256:")
    return f"of/prod/{digest[:2]}/{digest}"


def product_of(server, catalog, name, bodies):
    """A product with a version for each body."""
    urls = [
        mimeo.upload(server, ACCOUNT, HERE, f"{name}-{number}.yaml", body)
        for number, body in enumerate(bodies)
    ]
    created = catalog.create_product(
        Name=name,
        Owner="Platform team",
        ProductType="CLOUD_FORMATION_TEMPLATE",
        ProvisioningArtifactParameters=mimeo.properties(urls[0], "0"),
    )
    view = created["ProductViewDetail"]
    for number, url in enumerate(urls[1:], 1):
        catalog.create_provisioning_artifact(
            ProductId=view["ProductViewSummary"]["ProductId"],
            Parameters=mimeo.properties(url, str(number)),
        )
    return view["ProductViewSummary"]["ProductId"], view["ProductARN"]


def bodies_of(name, count):
    return [mimeo.template(f"{name} {number}") for number in range(count)]


def resolves(host):
    try:
        return bool(socket.getaddrinfo(host, None))
    except OSError:
        return False


@pytest.mark.parametrize("how", ["path style", "virtual style", "key in variables"])
def test_a_bucket_keeps_templates(moto, buckets, folder, how):
    style, keys, environment = "path_style = true\n", KEYS, {}
    if how == "virtual style":
        if not resolves(f"{SOURCE}.localhost"):
            pytest.skip("names under localhost are not known to this machine")
        moto, style = moto.replace("127.0.0.1", "localhost"), ""
    if how == "key in variables":
        keys, environment = "", KEY_VARIABLES
    config = settings(moto, style, keys)
    bodies = bodies_of("kept", 3)

    server = start(folder, config, environment=environment)
    catalog = mimeo.client(server, ACCOUNT, HERE)
    product, _ = product_of(server, catalog, "kept", bodies)
    before = mimeo.digests(catalog, product)
    assert list(before.values()) == [mimeo.digest_of(body) for body in bodies]
    assert buckets.keys(SOURCE) == {key_of(body) for body in bodies}
    for body in bodies:
        kept = buckets.s3.get_object(Bucket=SOURCE, Key=key_of(body))["Body"].read()
        assert kept.decode() == body
    assert buckets.keys(TARGET) == set()
    assert server.stop() == 0

    server = start(folder, config, environment=environment)
    catalog = mimeo.client(server, ACCOUNT, HERE)
    assert mimeo.digests(catalog, product) == before
    assert server.stop() == 0


def test_a_template_is_read_from_its_bucket(moto, buckets, folder):
    server = start(folder, settings(moto))
    catalog = mimeo.client(server, ACCOUNT, HERE)
    body = mimeo.template("asks") + "Parameters:\n  Size:\n    Type: String\n    Default: small\n"
    product, _ = product_of(server, catalog, "asks", [body])
    path = {"ProductId": product, "ProvisioningArtifactName": "0"}
    portfolio = catalog.create_portfolio(DisplayName="all", ProviderName="Platform team")
    portfolio = portfolio["PortfolioDetail"]["Id"]
    catalog.associate_product_with_portfolio(ProductId=product, PortfolioId=portfolio)
    catalog.associate_principal_with_portfolio(
        PortfolioId=portfolio,
        PrincipalARN=f"arn:aws:iam::{ACCOUNT.id}:role/Developer",
        PrincipalType="IAM",
    )
    [asked] = catalog.describe_provisioning_parameters(**path)["ProvisioningArtifactParameters"]
    assert (asked["ParameterKey"], asked["DefaultValue"]) == ("Size", "small")
    assert server.stop() == 0


def test_a_copy_moves_what_the_other_bucket_lacks(moto, buckets, folder):
    server = start(folder, settings(moto))
    source, target = (mimeo.client(server, ACCOUNT, region) for region in (HERE, THERE))
    bodies = bodies_of("moved", 10)
    first, first_arn = product_of(server, source, "first", bodies)
    second_bodies = [*bodies[:9], mimeo.template("another")]
    _, second_arn = product_of(server, source, "second", second_bodies)
    assert buckets.puts_count(SOURCE) == 11

    copied = mimeo.copied(target, SourceProductArn=first_arn)
    assert list(mimeo.digests(target, copied).values()) == [mimeo.digest_of(body) for body in bodies]
    assert mimeo.digests(target, copied) == mimeo.digests(source, first)
    assert buckets.keys(TARGET) == {key_of(body) for body in bodies}
    assert buckets.puts_count(TARGET) == 10

    mimeo.copied(target, SourceProductArn=second_arn)
    assert buckets.puts_count(TARGET) == 11
    assert buckets.keys(TARGET) == {key_of(body) for body in [*bodies, second_bodies[9]]}

    mimeo.copied(target, SourceProductArn=first_arn, TargetProductName="again")
    assert buckets.puts_count(TARGET) == 11
    assert server.stop() == 0


class Relay:
    """A way to moto that can be closed for a while."""

    def __init__(self, port):
        self.port, self.is_open = port, True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.is_open = False
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            if not self.is_open:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.port))
            self.sockets += [client, server]
            for way in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=way, daemon=True).start()

    def _carry(self, reader, writer):
        try:
            while piece := reader.recv(65536):
                writer.sendall(piece)
            writer.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def test_without_its_bucket_a_server_asks_to_be_asked_again_and_copies_wait(moto, buckets, folder):
    relay = Relay(int(moto.rpartition(":")[2]))
    server = start(folder, settings(relay.url))
    source, target = (mimeo.client(server, ACCOUNT, region) for region in (HERE, THERE))
    product, arn = product_of(server, source, "patient", bodies_of("patient", 2))

    relay.close()
    with pytest.raises(mimeo.UploadRefused) as refused:
        mimeo.upload(server, ACCOUNT, HERE, "late.yaml", mimeo.template("late"))
    assert refused.value.args[0] == 503
    # What needs no body does not notice.
    assert source.describe_product_as_admin(Id=product)["ProductViewDetail"]["ProductARN"] == arn
    token = target.copy_product(SourceProductArn=arn)["CopyProductToken"]
    until = time.monotonic() + AWAY_SECONDS
    while time.monotonic() < until:
        status = target.describe_copy_product_status(CopyProductToken=token)
        assert status["CopyProductStatus"] == "IN_PROGRESS"
        time.sleep(0.1)
    assert buckets.keys(TARGET) == set()

    relay.is_open = True
    status = mimeo.wait_for_copy(target, token)
    assert status["CopyProductStatus"] == "SUCCEEDED", status
    assert len(buckets.keys(TARGET)) == 2
    mimeo.upload(server, ACCOUNT, HERE, "late.yaml", mimeo.template("late"))
    assert server.stop() == 0
