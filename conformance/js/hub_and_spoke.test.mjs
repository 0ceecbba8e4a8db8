// The AWS SDK for JavaScript v3 against a Mimeo in open mode, whose address is in MIMEO_URL.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  paginateListPortfolios,
  ResourceNotFoundException,
  ServiceCatalog,
} from "@aws-sdk/client-service-catalog";
import { STS } from "@aws-sdk/client-sts";

const endpoint = process.env.MIMEO_URL;
const HUB = "777711112222";
const SPOKE = "777733334444";
const TEMPLATE = `AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Name: { Type: String, Default: bucket, AllowedValues: [bucket, pail] }
Resources:
  Bucket: { Type: "AWS::S3::Bucket" }
Outputs:
  BucketName: { Value: !Ref Bucket, Description: its name }
`;

function catalog(account, region = "us-east-1", more = {}) {
  const credentials = { accessKeyId: account, secretAccessKey: "any", ...more };
  return new ServiceCatalog({ endpoint, region, credentials, maxAttempts: 1 });
}

async function upload(name) {
  const answer = await fetch(`${endpoint}/_mimeo/templates/${name}`, {
    method: "PUT",
    body: TEMPLATE,
    headers: { Authorization: authorization(HUB) },
  });
  assert.equal(answer.status, 201);
  return (await answer.json()).Url;
}

// Open mode reads the account from the credential and checks no signature.
function authorization(account) {
  const credential = `${account}/20260101/us-east-1/servicecatalog/aws4_request`;
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=00`;
}

async function published(hub) {
  const made = await hub.createProduct({
    Name: "Bucket",
    Owner: "Platform",
    ProductType: "CLOUD_FORMATION_TEMPLATE",
    ProvisioningArtifactParameters: {
      Name: "v1",
      Type: "CLOUD_FORMATION_TEMPLATE",
      Info: { LoadTemplateFromURL: await upload("bucket.yaml") },
    },
  });
  const { DisplayName, Id } = (
    await hub.createPortfolio({ DisplayName: "Storage", ProviderName: "Platform" })
  ).PortfolioDetail;
  assert.equal(DisplayName, "Storage");
  const product = made.ProductViewDetail;
  const ids = { PortfolioId: Id, ProductId: product.ProductViewSummary.ProductId };
  await hub.associateProductWithPortfolio(ids);
  return { ...ids, arn: product.ProductARN };
}

async function copied(spoke, input) {
  const { CopyProductToken } = await spoke.copyProduct(input);
  for (;;) {
    const status = await spoke.describeCopyProductStatus({ CopyProductToken });
    if (status.CopyProductStatus !== "IN_PROGRESS") {
      assert.equal(status.CopyProductStatus, "SUCCEEDED", status.StatusDetail);
      return status.TargetProductId;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a product is shared, copied to another account and Region, and seen by a principal there", async () => {
  const hub = catalog(HUB);
  const { PortfolioId, arn } = await published(hub);
  await hub.createPortfolioShare({ PortfolioId, AccountId: SPOKE });
  await catalog(SPOKE).acceptPortfolioShare({ PortfolioId });

  const spoke = catalog(SPOKE, "eu-west-1");
  const ProductId = await copied(spoke, { SourceProductArn: arn });
  const local = (await spoke.createPortfolio({ DisplayName: "Local", ProviderName: "Spoke" }))
    .PortfolioDetail.Id;
  await spoke.associateProductWithPortfolio({ PortfolioId: local, ProductId });
  assert.deepEqual((await spoke.searchProducts({})).ProductViewSummaries, []);
  await spoke.associatePrincipalWithPortfolio({
    PortfolioId: local,
    PrincipalARN: `arn:aws:iam::${SPOKE}:role/Builder`,
    PrincipalType: "IAM",
  });

  const sts = new STS({
    endpoint,
    region: "eu-west-1",
    credentials: { accessKeyId: SPOKE, secretAccessKey: "any" },
  });
  const { Credentials } = await sts.assumeRole({
    RoleArn: `arn:aws:iam::${SPOKE}:role/Builder`,
    RoleSessionName: "story",
  });
  const builder = catalog(Credentials.AccessKeyId, "eu-west-1", {
    secretAccessKey: Credentials.SecretAccessKey,
    sessionToken: Credentials.SessionToken,
  });
  const seen = (await builder.searchProducts({})).ProductViewSummaries;
  assert.deepEqual(seen.map((summary) => summary.ProductId), [ProductId]);
  const [version] = (await builder.describeProduct({ Id: ProductId })).ProvisioningArtifacts;
  const parameters = await builder.describeProvisioningParameters({
    ProductId,
    ProvisioningArtifactId: version.Id,
  });
  assert.deepEqual(
    parameters.ProvisioningArtifactParameters[0].ParameterConstraints.AllowedValues,
    ["bucket", "pail"],
  );
});

test("errors are the SDK's own classes", async () => {
  await assert.rejects(catalog(HUB).describePortfolio({ Id: "port-none" }), (error) => {
    assert.ok(error instanceof ResourceNotFoundException);
    assert.equal(error.message, "Portfolio port-none not found.");
    assert.equal(error.$metadata.httpStatusCode, 400);
    return error.$metadata.requestId !== undefined;
  });
});

test("the SDK pages through all of it", async () => {
  const client = catalog("777755556666");
  for (let number = 0; number < 25; number += 1) {
    await client.createPortfolio({ DisplayName: `p${number}`, ProviderName: "Platform" });
  }
  const names = [];
  for await (const page of paginateListPortfolios({ client, pageSize: 10 }, {})) {
    names.push(...page.PortfolioDetails.map((detail) => detail.DisplayName));
  }
  assert.equal(new Set(names).size, 25);
});
