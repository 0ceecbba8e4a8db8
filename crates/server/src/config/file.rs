//! The TOML file: which one, and what stands in it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use mimeo_domain::organizations::Organization;
use toml::{Table, Value};

use super::{Account, FILE_DEFAULT, RegionTable, SETTINGS, accounts, organization, regions};

/// The largest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// The file that is named, or the default one if it is there.
pub(super) fn text(named: Option<&str>) -> Result<Option<(PathBuf, String)>, String> {
    let path = PathBuf::from(named.unwrap_or(FILE_DEFAULT));
    if named.is_none() && !path.exists() {
        return Ok(None);
    }
    let told = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
    let length = std::fs::metadata(&path)
        .map_err(|error| told(&error))?
        .len();
    if length > FILE_BYTES_MAX {
        return Err(told(&format!("longer than {FILE_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| told(&error))?;
    Ok(Some((path, text)))
}

/// Texts by setting, with where each stands in the file.
pub(super) type Keys = BTreeMap<&'static str, (String, String)>;

/// What stands in a file.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub accounts: Vec<Account>,
    pub organization: Option<Organization>,
    pub region_tables: Vec<RegionTable>,
    pub keys: Keys,
}

/// Reads a file; a key that does not exist is a problem.
pub(super) fn read(path: &Path, text: &str, problems: &mut Vec<String>) -> Read {
    let file = path.display();
    let Some(mut table) = parsed(path, text, problems) else {
        return Read::default();
    };
    let mut of_file = Vec::new();
    let accounts = table.remove("account");
    let accounts = accounts.map_or_else(Vec::new, |value| accounts::read(value, &mut of_file));
    let organization = table.remove("organization");
    let organization =
        organization.and_then(|value| organization::read(value, &accounts, &mut of_file));
    let region_tables = table.remove("region");
    let region_tables =
        region_tables.map_or_else(Vec::new, |value| regions::read(value, &mut of_file));
    let mut keys = BTreeMap::new();
    for (name, value) in flattened(table) {
        let Some(setting) = SETTINGS
            .iter()
            .find(|setting| setting.key == name && name != "config")
        else {
            of_file.push(format!("there is no key `{name}`"));
            continue;
        };
        match text_of(&value) {
            Some(text) => {
                keys.insert(setting.key, (format!("{file}: {name}"), text));
            }
            None => of_file.push(format!(
                "{name} is a text, a number, true or false, or a list"
            )),
        }
    }
    problems.extend(
        of_file
            .into_iter()
            .map(|problem| format!("{file}: {problem}")),
    );
    Read {
        accounts,
        organization,
        region_tables,
        keys,
    }
}

/// Reads a file of accounts and their organization, and nothing else. Of the organization's members
/// those are told that it describes itself.
pub(super) fn read_accounts(
    path: &Path,
    text: &str,
    problems: &mut Vec<String>,
) -> (Vec<Account>, Option<Organization>) {
    let Some(mut table) = parsed(path, text, problems) else {
        return (Vec::new(), None);
    };
    let mut of_file = Vec::new();
    let accounts = table.remove("account");
    let accounts = accounts.map_or_else(Vec::new, |value| accounts::read(value, &mut of_file));
    let organization = table.remove("organization");
    let organization = organization.and_then(|value| organization::read(value, &[], &mut of_file));
    for (name, _) in table {
        of_file.push(format!(
            "`{name}` does not belong here: accounts are written [[account]] and [organization]"
        ));
    }
    let file = path.display();
    let told = of_file.into_iter();
    problems.extend(told.map(|problem| format!("{file}: {problem}")));
    (accounts, organization)
}

fn parsed(path: &Path, text: &str, problems: &mut Vec<String>) -> Option<Table> {
    let error: toml::de::Error = match text.parse::<Table>() {
        Ok(table) => return Some(table),
        Err(error) => error,
    };
    // Not the whole error: it quotes the line, which may hold a secret.
    let before = error
        .span()
        .and_then(|span| text.get(..span.start))
        .unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let file = path.display();
    problems.push(format!("{file}, line {line}: {}", error.message()));
    None
}

/// Keys with their tables' names, such as `templates.fetch`; tables are one deep.
fn flattened(table: Table) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => {
                all.extend(
                    inner
                        .into_iter()
                        .map(|(key, value)| (format!("{name}.{key}"), value)),
                );
            }
            value => all.push((name, value)),
        }
    }
    all
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(switch) => Some(switch.to_string()),
        Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            Some(texts?.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}
