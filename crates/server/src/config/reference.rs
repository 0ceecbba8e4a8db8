//! The configuration reference, written from the description of the settings.

use std::fmt::Write;

use super::SETTINGS;

const HEAD: &str = "\
# Configuration

A flag of `mimeo serve` wins over the variable, the variable over the key in the TOML file, and
that over the default. Lists are separated by commas in flags and variables. A key that does not
exist is refused.

| Flag | Variable | TOML key | Default | Meaning |
|---|---|---|---|---|
";

const ACCOUNTS: &str = r#"
## Accounts

Without an account the server runs in **open mode**: signatures are not checked, and it listens on
a loopback address only. With the first account it runs in **verified mode**: every request must be
signed with one of the keys below, in one of the Regions of `regions`, and its sender may do what
its policies allow. [Policies](policies.md) tells what a policy may say. The same tables can be kept
in the store, and changed there by commands: [Identities](identities.md).

```toml
regions = ["us-east-1", "eu-west-1"]

[[account]]
id = "123456789012"
name = "hub"
unit = "ou-ab12-platform"               # of the organization; without it, its root

[[account.key]]
id = "AKIAEXAMPLEHUB"
secret_file = "/run/secrets/hub-key"    # or: secret = "…"
user = "deploy"                         # without it: the root user, who may do everything

[[account.user]]
name = "deploy"                         # arn:aws:iam::123456789012:user/ci/deploy
path = "/ci/"                           # "/" by default; groups and roles have it too
groups = ["publishers"]
policies = ["AWSServiceCatalogAdminReadOnlyAccess"]   # AWS's by name or ARN, or the account's

[[account.group]]
name = "publishers"
policies = ["publish"]

[[account.policy]]
name = "publish"
document = '''
{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "servicecatalog:Create*", "Resource": "*"}}
'''                                     # or: file = "publish.json"

[[account.role]]
name = "Publisher"                      # whoever its trust policy names may assume it by STS
trust_file = "publisher-trust.json"     # or: trust = '''…'''
policies = ["AWSServiceCatalogAdminFullAccess"]
max_session_seconds = 3600              # up to 43200

[organization]
id = "o-exampleorg1"
management_account = "123456789012"
delegated_administrators = []

[[organization.unit]]
id = "ou-ab12-platform"
name = "platform"                       # parent = "ou-…"; without it, the root

[[organization.account]]                # a member without keys; in open mode every member
id = "210987654321"
name = "sandbox"
unit = "ou-ab12-platform"
```
"#;

const REGIONS: &str = r#"
## Regions on other servers

A Region with an endpoint is another server's: this one does not serve it, and products can be copied
from it. [Regions apart](../how-to/regions-apart.md) tells how, and who may do what.

```toml
[peers]
key_file = "/run/secrets/peers-key"     # the same on all servers: openssl rand -hex 32

[[region]]
name = "eu-west-1"
endpoint = "https://mimeo.eu.example.com"

[[region]]
name = "ap-south-1"
kind = "aws"                            # "mimeo" by default
endpoint = "https://servicecatalog.ap-south-1.amazonaws.com"
role = "arn:aws:iam::123456789012:role/MimeoReader"
external_id = "mimeo"                   # if the role's trust policy asks for one
accounts = ["123456789012"]             # of this server, that may copy from there: AWS sees the role
access_key_id = "AKIAEXAMPLE"           # without it, the AWS_… variables
secret_file = "/run/secrets/aws"        # or: secret = "…"
sts_endpoint = "https://sts.ap-south-1.amazonaws.com"   # this by default
```

A Region of this server may keep its template bodies in a place of its own.
[Object stores](../how-to/object-stores.md) tells of buckets.

```toml
[[region]]
name = "us-west-2"
templates = "s3://mimeo-templates-us-west-2/prod"       # or the name of a folder
templates_endpoint = "https://s3.us-west-2.example.com" # without it: `bucket.endpoint`
```
"#;

/// The reference as Markdown: `docs/reference/configuration.md`.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    for setting in SETTINGS {
        let flag = setting
            .flag
            .map_or_else(String::new, |flag| match setting.value {
                "" => format!("`--{flag}`"),
                value => format!("`--{flag} {}`", value.replace('|', "\\|")),
            });
        let key = if setting.key == "config" {
            String::new()
        } else {
            format!("`{}`", setting.key)
        };
        let default = match setting.default {
            "" => String::new(),
            default => format!("`{default}`"),
        };
        let (variable, meaning) = (setting.variable(), setting.meaning);
        writeln!(
            text,
            "| {flag} | `{variable}` | {key} | {default} | {meaning} |"
        )
        .expect("a String takes all that is written");
    }
    text + ACCOUNTS + REGIONS
}
