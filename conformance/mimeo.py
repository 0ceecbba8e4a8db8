"""The real binary, and the clients that a user would point at it."""

import collections
import hashlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

import boto3
import botocore.model
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

READY_SECONDS_MAX = 30
STOP_SECONDS_MAX = 15
COPY_SECONDS_MAX = 60

CBOR = "smithy-rpc-v2-cbor"

# The statuses with which each operation answered, by protocol: whatever the clients below called.
heard = collections.defaultdict(lambda: collections.defaultdict(set))


class Server:
    """A `mimeo serve` on a free port, from `Ready.` until it is stopped."""

    def __init__(self, binary, folder, config="", arguments=(), environment={}):
        (folder / "mimeo.toml").write_text(config)
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0", "--data", folder / "data", *arguments],
            cwd=folder,
            env=clean_environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.url, self.mode = self._wait_until_ready()

    def _wait_until_ready(self):
        lines = queue.Queue()

        def read():
            for line in self.process.stdout:
                lines.put(line.rstrip("\n"))
            lines.put(None)

        threading.Thread(target=read, daemon=True).start()
        seen, deadline = [], time.monotonic() + READY_SECONDS_MAX
        while not seen or seen[-1] != "Ready.":
            try:
                line = lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.stop()
                self.log.seek(0)
                raise RuntimeError(f"the server did not get ready: {seen}\n{self.log.read()}")
            seen.append(line)
        return seen[0], seen[1]

    def stop(self):
        """Ends the server as an operator does; answers its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@dataclass(frozen=True)
class Account:
    """Somebody who calls. In open mode the access key is the account's id."""

    id: str
    key: str
    secret: str = "any"
    token: str | None = None

    @classmethod
    def open(cls, id):
        return cls(id=id, key=id)


def clean_environment(**more):
    """The environment without whatever would change what is tested."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "MIMEO_", "PYTEST_")) and "proxy" not in name.lower()
    }
    return kept | {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull} | more


def protocols():
    """The protocols that the installed boto3 can speak to Service Catalog."""
    client = boto3.client("servicecatalog", region_name="us-east-1")
    spoken = client.meta.service_model.metadata.get("protocols", ["json"])
    return [name for name in ("json", CBOR) if name in spoken]


def client(server, account, region, protocol="json"):
    """An ordinary boto3 client, held to one protocol."""
    before = getattr(botocore.model, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", None)
    botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = (protocol,)
    try:
        made = boto3.session.Session().client(
            "servicecatalog",
            region_name=region,
            endpoint_url=server.url,
            aws_access_key_id=account.key,
            aws_secret_access_key=account.secret,
            aws_session_token=account.token,
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )
        assert made.meta.service_model.resolved_protocol == protocol
        made.meta.events.register("after-call.service-catalog", hears(protocol))
        return made
    finally:
        botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = before


def hears(protocol):
    """Writes down each call of a client."""

    def write_down(model, http_response, **_):
        heard[protocol][model.name].add(http_response.status_code)

    return write_down


def role_of(account, name):
    return f"arn:aws:iam::{account.id}:role/{name}"


def sts(server, account, region="us-east-1"):
    """A client of the STS that is served at the same address."""
    return boto3.session.Session().client(
        "sts",
        region_name=region,
        endpoint_url=server.url,
        aws_access_key_id=account.key,
        aws_secret_access_key=account.secret,
        aws_session_token=account.token,
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def assumed(server, account, role_arn, **more):
    """Somebody who acts as a role from now on."""
    answer = sts(server, account).assume_role(
        RoleArn=role_arn, RoleSessionName="conformance", **more
    )
    credentials = answer["Credentials"]
    return Account(
        id=role_arn.split(":")[4],
        key=credentials["AccessKeyId"],
        secret=credentials["SecretAccessKey"],
        token=credentials["SessionToken"],
    )


def template(text):
    """A small CloudFormation template that is like no other."""
    return (
        'AWSTemplateFormatVersion: "2010-09-09"\n'
        f"Description: {text}\n"
        "Resources:\n"
        "  Topic:\n"
        "    Type: AWS::SNS::Topic\n"
        "    Properties:\n"
        '      DisplayName: !Sub "${AWS::StackName}"\n'
    )


def digest_of(body):
    return "sha256:" + hashlib.sha256(body.encode()).hexdigest()


class UploadRefused(Exception):
    """The status and the body with which an upload was refused."""


def upload(server, account, region, name, body):
    """Puts a template onto the server, signed; answers the URL that CreateProduct takes."""
    url = f"{server.url}/_mimeo/templates/{name}"
    # urllib adds a content type of its own to what has none, and an unsigned one is refused.
    headers = {"Content-Type": "application/yaml"}
    request = AWSRequest("PUT", url, data=body.encode(), headers=headers)
    credentials = Credentials(account.key, account.secret)
    SigV4Auth(credentials, "servicecatalog", region).add_auth(request)
    headers = dict(request.headers.items())
    sent = urllib.request.Request(url, data=body.encode(), headers=headers, method="PUT")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(sent, timeout=10) as answer:
            assert answer.status == 201
            return json.load(answer)["Url"]
    except urllib.error.HTTPError as refused:
        raise UploadRefused(refused.status, refused.read().decode()) from None


def properties(url, name, **more):
    """What CreateProduct and CreateProvisioningArtifact want to know of a version."""
    info = {"LoadTemplateFromURL": url}
    return {"Name": name, "Info": info, "Type": "CLOUD_FORMATION_TEMPLATE"} | more


@dataclass
class Product:
    """A product as it was published, with the digest of each version's template."""

    id: str
    arn: str
    versions: dict
    digests: dict


def publish(server, account, region, catalog, name, versions, tags=()):
    """Makes a product with these versions, their templates uploaded first."""
    bodies = {version: template(f"{name} {version}") for version in versions}
    urls = {
        version: upload(server, account, region, f"{name}-{version}.yaml", body)
        for version, body in bodies.items()
    }
    first, *others = versions
    created = catalog.create_product(
        Name=name,
        Owner="Platform team",
        Description=f"The {name}",
        ProductType="CLOUD_FORMATION_TEMPLATE",
        Tags=[{"Key": key, "Value": value} for key, value in tags],
        ProvisioningArtifactParameters=properties(urls[first], first, Description="the first"),
    )
    view = created["ProductViewDetail"]
    product = Product(
        id=view["ProductViewSummary"]["ProductId"],
        arn=view["ProductARN"],
        versions={first: created["ProvisioningArtifactDetail"]["Id"]},
        digests={version: digest_of(body) for version, body in bodies.items()},
    )
    for version in others:
        made = catalog.create_provisioning_artifact(
            ProductId=product.id, Parameters=properties(urls[version], version)
        )
        product.versions[version] = made["ProvisioningArtifactDetail"]["Id"]
    return product


def share(hub, portfolio, spoke, spoke_id):
    """The hub shares, the spoke accepts."""
    hub.create_portfolio_share(PortfolioId=portfolio, AccountId=spoke_id)
    spoke.accept_portfolio_share(PortfolioId=portfolio)


def wait_for_copy(catalog, token):
    """Polls like a user's script; answers the last status."""
    deadline = time.monotonic() + COPY_SECONDS_MAX
    while time.monotonic() < deadline:
        status = catalog.describe_copy_product_status(CopyProductToken=token)
        if status["CopyProductStatus"] != "IN_PROGRESS":
            return status
        time.sleep(0.02)
    raise TimeoutError(f"{token} was still in progress after {COPY_SECONDS_MAX} s")


def copied(catalog, **parameters):
    """Copies, waits, and answers the id of the product that was made."""
    status = wait_for_copy(catalog, catalog.copy_product(**parameters)["CopyProductToken"])
    assert status["CopyProductStatus"] == "SUCCEEDED", status
    assert "StatusDetail" not in status
    return status["TargetProductId"]


def digests(catalog, product):
    """The digests of a product's templates by version name, as the server tells them."""
    found = {}
    for version in catalog.list_provisioning_artifacts(ProductId=product)[
        "ProvisioningArtifactDetails"
    ]:
        described = catalog.describe_provisioning_artifact(
            ProductId=product, ProvisioningArtifactId=version["Id"], Verbose=True
        )
        assert described["Status"] == "AVAILABLE"
        found[version["Name"]] = described["Info"]["TemplateDigest"]
    return found
