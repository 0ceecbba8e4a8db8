//! The `[[region]]` tables: Regions that another server has.

use std::collections::BTreeSet;

use mimeo_domain::{AccountId, RegionName};
use toml::Value;
use url::Url;

use super::fields::{Fields, tables};
use super::{Config, Place, Secret};

/// A secret in a file is no longer than this, in bytes.
const SECRET_BYTES_MAX: u64 = 1024;

/// The longest external id that STS takes, in bytes.
const EXTERNAL_ID_BYTES_MAX: usize = 1224;

/// What a table says of a Region.
#[derive(Debug, Clone)]
pub struct RegionTable {
    pub name: RegionName,
    /// Set if another server has it: this one does not serve it, and copies from it.
    pub apart: Option<Apart>,
    /// Where its templates are, if it does not share the others' place.
    pub templates: Option<Place>,
    /// Where its bucket is; where all are, if it is not said.
    pub templates_endpoint: Option<Url>,
}

/// Where a Region on another server is reached, and how.
#[derive(Debug, Clone)]
pub struct Apart {
    /// The operator's own word, so private addresses are fine.
    pub endpoint: Url,
    pub kind: Kind,
}

/// Whose server it is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Another Mimeo, which trusts this one's word on who calls: both have the same `peers.key`.
    Mimeo,
    /// AWS itself, or whatever takes its credentials.
    Aws(Box<Assumed>),
}

/// The role in which callers act at AWS.
#[derive(Debug, Clone)]
pub struct Assumed {
    pub role: String,
    pub external_id: Option<String>,
    /// Where STS is; AWS's of the Region, if it is not said.
    pub sts_endpoint: Option<Url>,
    /// What may assume the role; `None` is a problem that is told.
    pub credentials: Option<Credentials>,
    /// The accounts of this server that may copy from there: AWS cannot tell them apart.
    pub accounts: BTreeSet<AccountId>,
}

/// Credentials at AWS.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret: Secret,
    pub session_token: Option<Secret>,
}

impl Config {
    /// The Regions that other servers have.
    pub(crate) fn apart(&self) -> impl Iterator<Item = (&RegionName, &Apart)> {
        let tables = self.region_tables.iter();
        tables.filter_map(|table| Some((&table.name, table.apart.as_ref()?)))
    }
}

/// Reads the tables and says all that is wrong with them, without quoting a secret.
pub(super) fn read(value: Value, problems: &mut Vec<String>) -> Vec<RegionTable> {
    let mut regions: Vec<RegionTable> = Vec::new();
    for (at, table) in tables(value, "region", problems).into_iter().enumerate() {
        let mut fields = Fields {
            table,
            place: format!("region {}", at + 1),
            problems,
        };
        let name = fields.needed("name");
        let name = name.and_then(|text| parsed::<RegionName>(&mut fields, &text));
        if let Some(name) = &name {
            fields.place = format!("region {name}");
            if regions.iter().any(|known| known.name == *name) {
                fields.problem("it is there twice");
            }
        }
        let templates = fields.text("templates").map(|text| Place::of_region(&text));
        let templates =
            templates.and_then(|place| place.map_err(|problem| fields.problem(&problem)).ok());
        let templates_endpoint = endpoint(&mut fields, "templates_endpoint");
        let apart = apart(&mut fields);
        fields.finish();
        regions.extend(name.map(|name| RegionTable {
            name,
            apart,
            templates,
            templates_endpoint,
        }));
    }
    regions
}

/// Those who have no credentials of their own take those of the environment.
pub(super) fn take_credentials(
    regions: &mut [RegionTable],
    variable: &dyn Fn(&str) -> Option<String>,
) {
    let given = |name| variable(name).filter(|value| !value.is_empty());
    for apart in regions
        .iter_mut()
        .filter_map(|region| region.apart.as_mut())
    {
        let Kind::Aws(assumed) = &mut apart.kind else {
            continue;
        };
        if assumed.credentials.is_none()
            && let Some(access_key_id) = given("AWS_ACCESS_KEY_ID")
            && let Some(secret) = given("AWS_SECRET_ACCESS_KEY")
        {
            assumed.credentials = Some(Credentials {
                access_key_id,
                secret: Secret::new(secret),
                session_token: given("AWS_SESSION_TOKEN").map(Secret::new),
            });
        }
    }
}

/// What says that another server has it; nothing of it belongs to a Region of this one.
fn apart(fields: &mut Fields<'_>) -> Option<Apart> {
    if !fields.table.contains_key("endpoint") {
        return None;
    }
    let endpoint = endpoint(fields, "endpoint");
    let kind = match fields.text("kind").as_deref() {
        None | Some("mimeo") => Some(Kind::Mimeo),
        Some("aws") => assumed(fields).map(|assumed| Kind::Aws(Box::new(assumed))),
        Some(other) => {
            fields.problem(&format!("kind is \"mimeo\" or \"aws\", not {other:?}"));
            None
        }
    };
    Some(Apart {
        endpoint: endpoint?,
        kind: kind?,
    })
}

fn assumed(fields: &mut Fields<'_>) -> Option<Assumed> {
    let role = fields.needed("role");
    if let Some(role) = &role
        && !(role.starts_with("arn:aws") && role.contains(":role/"))
    {
        fields.problem("role is the ARN of a role: arn:aws:iam::123456789012:role/NAME");
    }
    let external_id = fields.text("external_id");
    if external_id
        .as_ref()
        .is_some_and(|id| !(2..=EXTERNAL_ID_BYTES_MAX).contains(&id.len()))
    {
        fields.problem(&format!(
            "external_id has 2 to {EXTERNAL_ID_BYTES_MAX} characters"
        ));
    }
    let mut accounts = BTreeSet::new();
    for text in fields.texts("accounts") {
        accounts.extend(parsed::<AccountId>(fields, &text));
    }
    if accounts.is_empty() {
        fields.problem(
            "AWS sees the role and not the caller: say in `accounts` which accounts may copy from \
             there",
        );
    }
    let sts_endpoint = endpoint(fields, "sts_endpoint");
    let credentials = credentials(fields);
    Some(Assumed {
        role: role?,
        external_id,
        sts_endpoint,
        credentials,
        accounts,
    })
}

fn credentials(fields: &mut Fields<'_>) -> Option<Credentials> {
    let access_key_id = fields.text("access_key_id")?;
    let secret = fields.here_or_in_file("secret", "secret_file", SECRET_BYTES_MAX)?;
    Some(Credentials {
        access_key_id,
        secret: Secret::new(secret.trim_end()),
        session_token: None,
    })
}

/// The root of a server.
fn endpoint(fields: &mut Fields<'_>, name: &str) -> Option<Url> {
    let text = fields.text(name)?;
    let url = text.parse::<Url>().ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    if url.is_none() {
        // Not quoted: it may hold a password.
        fields.problem(&format!(
            "{name} is the root of a server, such as https://mimeo.example.com"
        ));
    }
    url
}

fn parsed<T: std::str::FromStr<Err: ToString>>(fields: &mut Fields<'_>, text: &str) -> Option<T> {
    let value = text.parse::<T>();
    value
        .map_err(|error| fields.problem(&error.to_string()))
        .ok()
}
