//! Configuration: flag, then `MIMEO_…` variable, then TOML key, then default. The environment is
//! read here and nowhere else.

mod accounts;
mod check;
mod fields;
mod file;
mod flags;
mod merge;
mod organization;
mod reference;
mod regions;
mod settings;
mod shelves;
mod values;

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use clap::parser::ValueSource;
use mimeo_domain::organizations::Organization;
use mimeo_domain::{Quotas, RegionName};
use mimeo_templates::fetch::AllowedOrigin;
use url::Url;
use zeroize::Zeroizing;

pub use crate::accounts::MasterKey;
pub use accounts::{AccessKey, Account, Group, NamedPolicy, Role, User};
pub use flags::{flags, store_flags, upkeep_flags};
#[cfg(feature = "fuzzing")]
pub(crate) use merge::judge;
pub(crate) use merge::read_accounts;
pub(crate) use organization::member;
pub use reference::reference;
pub use regions::{Apart, Assumed, Credentials, Kind, RegionTable};
pub use settings::{SETTINGS, Setting};
pub use shelves::{Bucket, Place};

/// Read when no other file is named, if it is there.
pub const FILE_DEFAULT: &str = "mimeo.toml";

/// How a server is to be run. Each field is described where it is set, in [`SETTINGS`].
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: String,
    pub data: Data,
    pub allow_open_network: bool,
    pub hosts: Vec<String>,
    pub regions: BTreeSet<RegionName>,
    /// What the `[[region]]` tables say of Regions, served here or elsewhere; each once.
    pub region_tables: Vec<RegionTable>,
    /// What servers that copy from each other trust each other by.
    pub peers: MasterKeys,
    /// Whoever may call; empty in open mode.
    pub accounts: Vec<Account>,
    /// Of which those accounts are members.
    pub organization: Option<Organization>,
    pub identities: MasterKeys,
    pub templates: Templates,
    pub bucket: Bucket,
    pub quotas: Quotas,
    pub limits: Limits,
    pub workers: Workers,
    pub audit: Auditing,
    pub copies: Copies,
    /// The document to be applied at the start.
    pub seed: Option<PathBuf>,
    pub drain: Duration,
    pub log: LogFormat,
    pub log_level: String,
}

/// Where the catalogue is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum Data {
    /// A folder with a SQLite file in it.
    Folder(PathBuf),
    /// Nowhere: gone when the server stops.
    Memory,
    /// The address of a PostgreSQL database; may hold a password.
    Postgres(String),
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => f.debug_tuple("Folder").field(path).finish(),
            Self::Memory => f.write_str("Memory"),
            Self::Postgres(_) => f.write_str("Postgres(redacted)"),
        }
    }
}

/// A secret that is never shown and wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// A key, such as that which secrets in the store are sealed with, from either place that it may be
/// given in.
#[derive(Debug, Clone, Default)]
pub struct MasterKeys {
    pub of_file: Option<MasterKey>,
    pub given: Option<MasterKey>,
}

impl MasterKeys {
    pub(crate) fn key(&self) -> Option<&MasterKey> {
        self.of_file.as_ref().or(self.given.as_ref())
    }
}

/// How templates are fetched and kept.
#[derive(Debug, Clone)]
pub struct Templates {
    pub folder: Option<PathBuf>,
    pub store: Option<Place>,
    /// How long a body that nothing names is kept.
    pub orphan_grace: Duration,
    pub fetch: bool,
    pub s3_endpoint: Option<Url>,
    pub allow: Vec<AllowedOrigin>,
    pub plain_http: bool,
}

/// What is recorded of who did what.
#[derive(Debug, Clone)]
pub struct Auditing {
    pub enabled: bool,
    /// `None` keeps records for ever.
    pub retention: Option<Duration>,
}

/// What one server takes at most.
#[derive(Debug, Clone)]
pub struct Limits {
    pub write_batch_max: usize,
    pub connections_max: usize,
    pub requests_max: usize,
    pub body_bytes_max: usize,
    pub bodies_bytes_max: usize,
    pub head_bytes_max: usize,
    pub headers_max: usize,
    pub head: Duration,
    pub body: Duration,
    pub turn: Duration,
    pub answer: Duration,
    pub request: Duration,
}

/// What becomes of copies that have ended.
#[derive(Debug, Clone)]
pub struct Copies {
    /// They are kept for so long; `None` is for ever.
    pub retention_days: Option<u32>,
}

/// How many copies run at once.
#[derive(Debug, Clone)]
pub struct Workers {
    pub copies_max: usize,
    pub copies_per_account_max: u32,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, else JSON.
    Auto,
    Text,
    Json,
}

impl Default for Config {
    /// All defaults of [`SETTINGS`]: open mode.
    fn default() -> Self {
        let mut config = Self::blank();
        for setting in SETTINGS {
            (setting.set)(&mut config, setting.default).expect("a test sets every default");
        }
        config
    }
}

/// All that is wrong with a configuration, a line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads flags, environment and file. All that is wrong is said at once.
    pub fn read(flags: &ArgMatches) -> Result<Self, ConfigError> {
        let given = |setting: &Setting| {
            setting.flag?;
            // Not every command has every flag.
            let known = flags.try_contains_id(setting.key).is_ok();
            if !known || flags.value_source(setting.key) != Some(ValueSource::CommandLine) {
                return None;
            }
            if setting.is_switch() {
                return Some("true".to_owned());
            }
            flags.get_one::<String>(setting.key).cloned()
        };
        let flags = SETTINGS
            .iter()
            .filter_map(|setting| Some((setting.key, given(setting)?)));
        let variable = |name: &str| {
            #[expect(clippy::disallowed_methods, reason = "this file reads the environment")]
            let value = std::env::var(name);
            value.ok()
        };
        Self::merge(&flags.collect(), &variable)
    }

    fn blank() -> Self {
        Self {
            listen: String::new(),
            data: Data::Memory,
            allow_open_network: false,
            hosts: Vec::new(),
            regions: BTreeSet::new(),
            region_tables: Vec::new(),
            peers: MasterKeys::default(),
            accounts: Vec::new(),
            organization: None,
            identities: MasterKeys::default(),
            templates: Templates {
                folder: None,
                store: None,
                orphan_grace: Duration::ZERO,
                fetch: true,
                s3_endpoint: None,
                allow: Vec::new(),
                plain_http: false,
            },
            bucket: Bucket::default(),
            quotas: Quotas::default(),
            limits: Limits {
                write_batch_max: 0,
                connections_max: 0,
                requests_max: 0,
                body_bytes_max: 0,
                bodies_bytes_max: 0,
                head_bytes_max: 0,
                headers_max: 0,
                head: Duration::ZERO,
                body: Duration::ZERO,
                turn: Duration::ZERO,
                answer: Duration::ZERO,
                request: Duration::ZERO,
            },
            copies: Copies {
                retention_days: None,
            },
            workers: Workers {
                copies_max: 0,
                copies_per_account_max: 0,
            },
            audit: Auditing {
                enabled: false,
                retention: None,
            },
            seed: None,
            drain: Duration::ZERO,
            log: LogFormat::Auto,
            log_level: String::new(),
        }
    }
}

/// Whether a socket can be reached from this machine only.
pub(crate) fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests;
