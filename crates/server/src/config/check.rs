//! What must fit together in a configuration.

use std::collections::BTreeSet;

use super::{Account, Config, Kind, Place, RegionTable};
use crate::front::Identities;

impl Config {
    /// Whether signatures are checked: as soon as there is an account to check them against.
    pub fn is_verified(&self) -> bool {
        !self.accounts.is_empty()
    }

    /// All that is wrong by itself. With a master key the store may hold further accounts, so that
    /// more is known only when it is open.
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        if self.identities.of_file.is_some() && self.identities.given.is_some() {
            problems.push(
                "the master key is given twice: identities.key_file or identities.key, not both"
                    .to_owned(),
            );
        }
        if self.peers.of_file.is_some() && self.peers.given.is_some() {
            problems.push(
                "the key of peers is given twice: peers.key_file or peers.key, not both".to_owned(),
            );
        }
        problems.extend(self.unfit_regions());
        problems.extend(self.unfit_places());
        if self.identities.key().is_some() {
            problems.extend(Identities::of(&self.accounts).err().unwrap_or_default());
        } else {
            problems.extend(self.unfit());
            problems.extend(self.unservable());
        }
    }

    /// Each place of templates has one catalogue: what nothing in it names is deleted in the end.
    fn unfit_places(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut places = BTreeSet::new();
        let folder = self.templates.folder.clone().map(Place::Folder);
        places.extend(self.templates.store.clone().or(folder));
        if self.templates.store.is_some() && self.templates.folder.is_some() {
            problems.push("templates.store and templates.folder: give one of them".to_owned());
        }
        for table in &self.region_tables {
            let Some(place) = &table.templates else {
                continue;
            };
            if table.apart.is_some() {
                problems.push(format!(
                    "region {}: its templates are on the other server, not in `templates`",
                    table.name
                ));
            }
            if !places.insert(place.clone()) {
                problems.push(format!(
                    "region {}: another Region has its templates in the same place",
                    table.name
                ));
            }
        }
        if self.bucket.access_key_id.is_some() != self.bucket.secret_access_key.is_some() {
            problems.push(
                "bucket.access_key_id and bucket.secret_access_key: give both or neither"
                    .to_owned(),
            );
        }
        problems
    }

    /// What does not fit together in the `[[region]]` tables.
    fn unfit_regions(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for RegionTable { name, apart, .. } in &self.region_tables {
            let is_served = self.regions.contains(name);
            let Some(apart) = apart else {
                if self.is_verified() && !is_served {
                    problems.push(format!(
                        "region {name}: it is neither in `regions`, nor is there an endpoint"
                    ));
                }
                continue;
            };
            if is_served {
                problems.push(format!(
                    "region {name}: it has an endpoint elsewhere, so it cannot be in `regions`"
                ));
            }
            match &apart.kind {
                Kind::Mimeo if self.peers.key().is_none() => problems.push(format!(
                    "region {name}: servers act for callers by a key that they share: give \
                     peers.key_file or peers.key"
                )),
                Kind::Aws(assumed) if assumed.credentials.is_none() => problems.push(format!(
                    "region {name}: there are no credentials to assume the role with: give \
                     access_key_id and secret_file, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                )),
                Kind::Mimeo | Kind::Aws(_) => {}
            }
        }
        problems
    }

    /// What does not fit together in the accounts and their organization.
    pub(crate) fn unfit(&self) -> Vec<String> {
        let mut problems = Identities::of(&self.accounts).err().unwrap_or_default();
        if let Some(organization) = &self.organization {
            let found = organization.problems(&self.quotas).into_iter();
            problems.extend(found.map(|problem| format!("organization: {problem}")));
        } else {
            let placed = self
                .accounts
                .iter()
                .filter(|account| account.unit.is_some());
            let told = |account: &Account| {
                let id = &account.id;
                format!("account {id}: it is in a unit, but there is no [organization]")
            };
            problems.extend(placed.map(told));
        }
        problems
    }

    /// Why these accounts cannot be served.
    pub(crate) fn unservable(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.is_verified() && self.accounts.iter().all(|account| account.keys.is_empty()) {
            problems.push("no account has an [[account.key]], so nobody could call".to_owned());
        }
        if self.is_verified() && self.regions.is_empty() {
            let example = r#"regions = ["us-east-1"]"#;
            problems.push(format!(
                "regions: accounts need the Regions that they use: {example}"
            ));
        }
        if self.is_verified() && !self.audit.enabled {
            problems.push("audit.enabled: with an [[account]] it cannot be off".to_owned());
        }
        if !self.is_verified() && !self.regions.is_empty() {
            problems.push("regions: without an [[account]] every Region is served".to_owned());
        }
        problems
    }
}
