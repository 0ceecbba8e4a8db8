//! The service model: its form in `model/`, and how it is rebuilt from botocore.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

const SERVICE: &str = "data/servicecatalog/2015-12-10/service-2.json.gz";
const FIND_BOTOCORE: &str = "import botocore, os; print(os.path.dirname(botocore.__file__))";
const UNZIP: &str = "import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())";

/// The facts of `service-2.json` that we keep: whatever is not named here is left out, above all
/// the documentation strings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Model {
    pub(crate) metadata: Metadata,
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) shapes: BTreeMap<String, Shape>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) api_version: String,
    pub(crate) target_prefix: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Operation {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<Reference>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reference {
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) idempotency_token: bool,
    pub(crate) shape: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shape {
    #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) exception: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<Reference>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) members: BTreeMap<String, Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) min: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pattern: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) required: BTreeSet<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Reference>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Boolean,
    Integer,
    List,
    Map,
    String,
    Structure,
    Timestamp,
}

/// Our additions to the model, kept apart so that the model can be refreshed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Overlay {
    pub(crate) corrections: Vec<Correction>,
    /// Family name → its operations.
    pub(crate) families: BTreeMap<String, Vec<String>>,
    /// Operation → what policies may name as its resource. Operations that are not here have none:
    /// `*`. From AWS's Service Authorization Reference, as `access_levels` is.
    pub(crate) resources: BTreeMap<String, Resource>,
    /// Operations with the condition keys `servicecatalog:accountLevel`, `roleLevel` and `userLevel`.
    pub(crate) access_levels: BTreeSet<String>,
}

/// The resource of an operation, as policies see it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resource {
    pub(crate) kind: ResourceKind,
    /// The member that holds its id; none where the operation makes it.
    pub(crate) id: Option<String>,
    /// The member that names it where the id is absent.
    pub(crate) name: Option<String>,
    /// The member that holds the tags of `aws:RequestTag`.
    pub(crate) tags: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResourceKind {
    Portfolio,
    Product,
    PortfolioOrProduct,
}

/// One place where the real service differs from its model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Correction {
    pub(crate) shape: String,
    pub(crate) add_values: Vec<String>,
    pub(crate) reason: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// `cargo xtask model [botocore folder, or service-2.json.gz]`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let given = match arguments.first() {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(python(&[FIND_BOTOCORE])?.trim()),
    };
    let zipped = if given.is_dir() {
        given.join(SERVICE)
    } else {
        given
    };
    let path = zipped.to_str().ok_or("the path is not UTF-8")?;
    let model: Model = parse(&zipped, &python(&[UNZIP, path])?)?;
    let mut text = serde_json::to_string_pretty(&model).map_err(|error| error.to_string())?;
    text.push('\n');
    let target = crate::root().join("model/servicecatalog.json");
    fs::write(&target, text).map_err(|error| format!("{}: {error}", target.display()))
}

/// Reads `model/`, with the corrections of the overlay applied.
pub(crate) fn read() -> Result<(Model, Overlay), String> {
    let folder = crate::root().join("model");
    let mut model: Model = load(&folder.join("servicecatalog.json"))?;
    let overlay: Overlay = load(&folder.join("overlay.json"))?;
    for correction in &overlay.corrections {
        let name = &correction.shape;
        if correction.reason.is_empty() {
            return Err(format!(
                "overlay.json: the correction of {name} gives no reason"
            ));
        }
        let shape = model
            .shapes
            .get_mut(name)
            .ok_or_else(|| format!("overlay.json: the model has no shape {name}"))?;
        for value in &correction.add_values {
            if shape.values.contains(value) {
                return Err(format!("overlay.json: {name} has {value} already"));
            }
            shape.values.push(value.clone());
        }
    }
    Ok((model, overlay))
}

fn load<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    parse(path, &text)
}

fn parse<T: for<'de> Deserialize<'de>>(path: &Path, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Runs a line of Python, which whoever has botocore has too; that spares us a gzip crate.
fn python(arguments: &[&str]) -> Result<String, String> {
    let run = Command::new("python3").arg("-c").args(arguments).output();
    let run = run.map_err(|error| format!("python3: {error}"))?;
    if !run.status.success() {
        return Err(format!(
            "python3: {}",
            String::from_utf8_lossy(&run.stderr).trim()
        ));
    }
    String::from_utf8(run.stdout).map_err(|error| format!("python3: {error}"))
}
