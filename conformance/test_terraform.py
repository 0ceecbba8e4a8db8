"""Terraform with the AWS provider: apply, an empty plan, import, an empty plan, destroy.

The provider is not downloaded: a mirror must have it. S3 and IAM are moto's.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import mimeo
from conftest import REPOSITORY, start

FOLDER = REPOSITORY / "conformance" / "terraform"
PROVIDER = pathlib.PurePath("registry.terraform.io/hashicorp/aws")
# Moto plays one account, so it is the hub here.
HUB, SPOKE = "123456789012", "222222222222"
SECONDS_MAX = 600

NOT_RUN = """
conformance: TERRAFORM NOT RUN: {reason}.
  It needs `terraform` in the PATH and a mirror of the provider hashicorp/aws, a folder that holds
  {provider}/. Make one, where the registry can be reached, with
      cd conformance/terraform && terraform providers mirror /path
  and name it: MIMEO_TERRAFORM_MIRROR=/path conformance/run
  In CI this is a skip too, as not every runner can have the provider.
"""

# What the provider cannot read back: it takes a product's newest version for its first, and no
# version's template.
OVERRIDE = """
resource "aws_servicecatalog_product" "topic" {
  lifecycle {
    ignore_changes = [provisioning_artifact_parameters]
  }
}

resource "aws_servicecatalog_provisioning_artifact" "second" {
  lifecycle {
    ignore_changes = [template_url, disable_template_validation]
  }
}
"""


def mirrors():
    """Folders in which a provider may lie: as told, as Terraform looks, as machines come."""
    told = os.environ.get("MIMEO_TERRAFORM_MIRROR")
    if told:
        return [pathlib.Path(told)]
    home, share = pathlib.Path.home(), pathlib.Path("/usr/share")
    known = [
        home / ".terraform.d/plugins",
        home / ".local/share/terraform/plugins",
        pathlib.Path("/usr/local/share/terraform/plugins"),
        share / "terraform/plugins",
    ]
    return known + sorted(pathlib.Path("/opt").glob("*"))


def not_run(capsys, reason):
    with capsys.disabled():
        print(NOT_RUN.format(reason=reason, provider=PROVIDER), file=sys.stderr)
    pytest.skip(f"Terraform not run: {reason}")


@pytest.fixture
def mirror(capsys):
    if shutil.which("terraform") is None:
        not_run(capsys, "there is no terraform in the PATH")
    found = [folder for folder in mirrors() if (folder / PROVIDER).is_dir()]
    if not found:
        not_run(capsys, "no mirror has the provider")
    return found[0]


@pytest.fixture
def server(tmp_path, moto):
    """Mimeo in open mode, in an organization that the hub manages."""
    members = "".join(
        f'[[organization.account]]\nid = "{id}"\nname = "{name}"\n'
        for id, name in [(HUB, "hub"), (SPOKE, "spoke")]
    )
    organization = f'[organization]\nid = "o-exampleorg1"\nmanagement_account = "{HUB}"\n'
    folder = tmp_path / "mimeo"
    folder.mkdir()
    served = start(folder, f'{organization}{members}[templates]\ns3_endpoint = "{moto}"\n')
    yield served
    assert served.stop() == 0


class Terraform:
    """The configuration in a folder of its own, with all that Terraform has to be told."""

    def __init__(self, folder, mirror, server, moto):
        folder.mkdir()
        shutil.copy(FOLDER / "main.tf", folder)
        settings = folder / "terraform.rc"
        settings.write_text(
            f"provider_installation {{\n  filesystem_mirror {{\n    path = {json.dumps(str(mirror))}\n"
            "  }\n}\n"
        )
        self.folder = folder
        self.environment = mimeo.clean_environment(
            TF_CLI_CONFIG_FILE=str(settings),
            TF_VAR_mimeo=server.url,
            TF_VAR_aws=moto,
            TF_VAR_account=HUB,
            TF_VAR_spoke=SPOKE,
            TF_IN_AUTOMATION="1",
            TF_CLI_ARGS="-no-color",
            CHECKPOINT_DISABLE="1",
            AWS_EC2_METADATA_DISABLED="true",
        )

    def run(self, *words, expected=0):
        done = subprocess.run(
            ["terraform", *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout

    def apply(self):
        return self.run("apply", "-auto-approve", "-input=false")

    def outputs(self):
        told = json.loads(self.run("output", "-json"))
        return {name: output["value"] for name, output in told.items()}

    def has_nothing_to_change(self):
        """Exit code 2 would say that the plan has changes."""
        self.run("plan", "-input=false", "-detailed-exitcode")

    def ids(self):
        """The ids of what was made in Service Catalog and can be imported, by address."""
        state = json.loads((self.folder / "terraform.tfstate").read_text())
        return {
            f"{resource['type']}.{resource['name']}": resource["instances"][0]["attributes"]["id"]
            for resource in state["resources"]
            if resource["mode"] == "managed"
            and resource["type"].startswith("aws_servicecatalog_")
            and resource["type"] != "aws_servicecatalog_organizations_access"
        }


def test_the_configuration_is_formatted(capsys):
    if shutil.which("terraform") is None:
        not_run(capsys, "there is no terraform in the PATH")
    environment = mimeo.clean_environment(TF_CLI_CONFIG_FILE=os.devnull)
    subprocess.run(["terraform", "fmt", "-check", FOLDER], env=environment, check=True)


def test_terraform_makes_reads_imports_and_destroys_a_catalogue(mirror, moto, server, tmp_path):
    terraform = Terraform(tmp_path / "terraform", mirror, server, moto)
    terraform.run("init", "-input=false")
    terraform.apply()
    assert terraform.outputs() == {
        "account": HUB,
        "portfolio": "Messaging",
        "product": "A topic with our defaults",
        "constraint": {"LocalRoleName": "Launcher"},
        "constraints": ["LAUNCH", "TEMPLATE"],
        "versions": ["1.0", "2.0"],
        "paths": ["Messaging"],
    }
    terraform.has_nothing_to_change()

    ids = terraform.ids()
    terraform.run("state", "rm", *ids)
    imports = (f'import {{\n  to = {to}\n  id = "{id}"\n}}\n' for to, id in ids.items())
    (terraform.folder / "imports.tf").write_text("\n".join(imports))
    (terraform.folder / "main_override.tf").write_text(OVERRIDE)
    done = terraform.apply()
    summary = rf"Resources: {len(ids)} imported, 0 added, \d+ changed, 0 destroyed"
    assert re.search(summary, done), done
    terraform.has_nothing_to_change()

    done = terraform.run("destroy", "-auto-approve", "-input=false")
    assert "Destroy complete!" in done
    hub = mimeo.client(server, mimeo.Account.open(HUB), "us-east-1")
    assert hub.list_portfolios()["PortfolioDetails"] == []
    assert hub.search_products_as_admin()["ProductViewDetails"] == []
    assert hub.list_tag_options()["TagOptionDetails"] == []
    assert hub.list_service_actions()["ServiceActionSummaries"] == []
