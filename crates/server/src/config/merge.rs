//! Putting flags, environment and file together: each setting is from the first that has it.

use std::collections::BTreeMap;
use std::path::Path;

use mimeo_domain::organizations::Organization;

use super::{Account, Config, ConfigError, FILE_DEFAULT, SETTINGS, file, regions};

impl Config {
    pub(super) fn merge(
        flags: &BTreeMap<&'static str, String>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let named = flags
            .get("config")
            .cloned()
            .or_else(|| variable("MIMEO_CONFIG"));
        let file = file::text(named.as_deref()).map_err(|problem| ConfigError(vec![problem]))?;
        let read = |problems: &mut Vec<String>| match &file {
            Some((path, text)) => file::read(path, text, problems),
            None => file::Read::default(),
        };
        Self::put_together(read, flags, variable)
    }

    fn put_together(
        file: impl FnOnce(&mut Vec<String>) -> file::Read,
        flags: &BTreeMap<&'static str, String>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let file::Read {
            accounts,
            organization,
            mut region_tables,
            keys,
        } = file(&mut problems);
        regions::take_credentials(&mut region_tables, variable);
        let mut config = Self {
            region_tables,
            accounts,
            organization,
            ..Self::default()
        };
        for setting in SETTINGS {
            let from_flag = || {
                let name = format!("--{}", setting.flag.unwrap_or_default());
                flags.get(setting.key).map(|value| (name, value.clone()))
            };
            let from_variable = || {
                let name = setting.variable();
                variable(&name).map(|value| (name, value))
            };
            let from_file = || {
                keys.get(setting.key)
                    .map(|(name, value)| (name.clone(), value.clone()))
            };
            if let Some((source, value)) = from_flag().or_else(from_variable).or_else(from_file)
                && let Err(problem) = (setting.set)(&mut config, &value)
            {
                problems.push(format!("{source}: {problem}"));
            }
        }
        config.bucket.take_credentials(variable);
        config.check(&mut problems);
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(problems))
        }
    }

    /// The configuration of a TOML text alone: no flag, no variable.
    pub fn of_toml(text: &str) -> Result<Self, ConfigError> {
        let read = |problems: &mut Vec<String>| file::read(Path::new(FILE_DEFAULT), text, problems);
        Self::put_together(read, &BTreeMap::new(), &|_| None)
    }
}

/// Reads a file of `[[account]]` and `[organization]` tables. Of the organization's members those are
/// told that it describes itself.
pub(crate) fn read_accounts(
    path: &str,
) -> Result<(Vec<Account>, Option<Organization>), ConfigError> {
    let text = file::text(Some(path)).map_err(|problem| ConfigError(vec![problem]))?;
    let (path, text) = text.unwrap_or_default();
    let mut problems = Vec::new();
    let read = file::read_accounts(&path, &text, &mut problems);
    if problems.is_empty() {
        Ok(read)
    } else {
        Err(ConfigError(problems))
    }
}

/// Reads a file's text as the whole configuration and as accounts alone, and tells what is wrong.
#[cfg(feature = "fuzzing")]
pub(crate) fn judge(text: &str) -> Vec<String> {
    let path = Path::new("mimeo.toml");
    let mut problems = Vec::new();
    file::read(path, text, &mut problems);
    file::read_accounts(path, text, &mut problems);
    problems
}
