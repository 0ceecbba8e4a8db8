//! The ledger: looks at the databases after each commit, and holds what it sees against the invariants.

mod landing;
pub(super) mod look;
mod moves;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mimeo_domain::artifacts::Artifact;
use mimeo_domain::copying::{CopyRequest, StatusDetail};
use mimeo_domain::products::Product;
use mimeo_domain::{Caller, Quotas};
use mimeo_store::Store;
use mimeo_templates::shelf::Shelf;
use serde::Deserialize;

use super::clock::Clock;
use look::{CopyRow, Key, Seen};

/// Running copies of one account, at most: what the workers ask for.
pub(super) const RUNNING_MAX: u32 = 2;

/// A right that was looked up in another database may be this old when the copy lands, in milliseconds
/// by the clock of the copy's database. Nothing is added: a transaction here commits at the instant at
/// which it looks at the clock. Where that clock was set back, nobody can tell so much of the age.
const RIGHT_MILLIS_MAX: i64 = 5_000;

/// A part of every name and text that an account writes about its products: others must not read it
/// in the reason of a failure.
pub(super) const CANARY: &str = "canary";

#[derive(Debug)]
pub(super) struct Ledger {
    stores: Vec<Store>,
    pub quotas: Quotas,
    pub seen: Vec<Arc<Seen>>,
    copies: BTreeMap<String, Known>,
    /// Every state in which a product was ever committed.
    history: BTreeMap<Key, Vec<State>>,
    /// Region, account and product, wherever a share was ever in force.
    ever_shared: BTreeSet<(String, String, String)>,
    /// Whether a source has given out a body that was changed, or none.
    pub was_spoiled: bool,
    /// The shelves of the Regions, to look whether bodies are there.
    shelves: [Shelf; 2],
    pub wrong: Vec<String>,
}

#[derive(Debug)]
struct State {
    product: Product,
    artifacts: Vec<Artifact>,
}

/// What does not stand in a copy's row.
#[derive(Debug)]
struct Known {
    caller: Caller,
    request: CopyRequest,
    /// By the database's clock.
    accepted: i64,
    /// The source's states before this one were gone when the copy was accepted.
    first_state: usize,
    /// Whether the source was out of the caller's sight at any time since.
    was_blind: bool,
    /// Whether the caller sees the source, and the last instant at which it did, by the simulation's
    /// clock.
    sees: bool,
    last_seen: i64,
    /// The last claim during which its account had all the products that it may have: a worker that was
    /// refused may fall asleep before it says so.
    full_in_claim: i64,
    claims: i64,
    postponed: i64,
    given_back: i64,
    /// What a caller was told, once it was final.
    told: Option<String>,
    /// The token with which it was asked for, once that was acknowledged.
    acknowledged: bool,
}

/// The part of a copy's stored body that the ledger reads.
#[derive(Deserialize)]
struct Asked {
    caller: Caller,
    request: CopyRequest,
}

/// Who committed: a worker with its copy's token and the fence under which it claimed it.
type Held<'a> = Option<(&'a str, i64)>;

impl Ledger {
    pub(super) fn new(stores: &[Store], shelves: &[Shelf; 2], quotas: &Quotas) -> Self {
        Self {
            stores: stores.to_vec(),
            quotas: quotas.clone(),
            seen: vec![Arc::default(); stores.len()],
            copies: BTreeMap::new(),
            history: BTreeMap::new(),
            ever_shared: BTreeSet::new(),
            was_spoiled: false,
            shelves: shelves.clone(),
            wrong: Vec::new(),
        }
    }

    fn wrong(&mut self, text: impl Into<String>) {
        self.wrong.push(text.into());
    }

    /// Called at each commit, before anybody else runs. Answers what became of copies, for the log.
    pub(super) fn committed(
        &mut self,
        clock: &Clock,
        store: usize,
        work: &str,
        held: Held<'_>,
    ) -> Vec<String> {
        let Some(now) = self.seen[store].again(&self.stores[store]) else {
            return Vec::new();
        };
        let now = Arc::new(now);
        let before = std::mem::replace(&mut self.seen[store], Arc::clone(&now));
        self.note_states(&before, &now);
        self.ever_shared.extend(now.shared.iter().cloned());
        let mut told = Vec::new();
        let mut landed = None;
        for (token, row) in &now.copies {
            match before.copies.get(token) {
                None => self.accepted(clock, work, token, row),
                Some(old) if old == row => continue,
                Some(old) => {
                    self.moved(clock, &before, work, held, token, (old, row));
                    if row.state == "SUCCEEDED" && old.state != "SUCCEEDED" {
                        landed = Some(token.clone());
                    }
                }
            }
            let (state, fence) = (&row.state, row.fence);
            told.push(format!("{token} {state} fence {fence}"));
        }
        for token in before.copies.keys() {
            if !now.copies.contains_key(token) {
                self.wrong(format!("V1: {token} is gone after {work}"));
            }
        }
        match landed {
            Some(token) => self.check_landing(clock, store, &token, &before, &now),
            None if held.is_some() && before.products != now.products => self.wrong(format!(
                "V2: {work} of a worker changed the catalogue without success"
            )),
            None => {}
        }
        self.note_sight(clock);
        self.note_quotas(&now);
        told
    }

    fn note_quotas(&mut self, now: &Seen) {
        for (token, known) in &mut self.copies {
            let running = now
                .copies
                .get(token)
                .is_some_and(|row| row.state == "RUNNING");
            let (account, region) = (known.caller.account.as_str(), &known.caller.region);
            if running && products_count(now, account, region.as_str()) >= self.quotas.products {
                known.full_in_claim = known.claims;
            }
        }
    }

    fn note_states(&mut self, before: &Seen, now: &Seen) {
        for (key, row) in &now.products {
            if before.products.get(key) == Some(row) {
                continue;
            }
            let artifacts = row.artifacts.iter().map(|(_, body)| read(body));
            let state = State {
                product: read(&row.body),
                artifacts: artifacts.collect(),
            };
            self.history.entry(key.clone()).or_default().push(state);
        }
    }

    fn accepted(&mut self, clock: &Clock, work: &str, token: &str, row: &CopyRow) {
        let Asked { caller, request } = read(&row.body);
        if work != "CopyProduct" || row.state != "QUEUED" {
            self.wrong(format!("V4: {work} made {token} in state {}", row.state));
        }
        let name = request.name.clone();
        let twin = self
            .copies
            .iter()
            .find(|(_, known)| known.request.name == name);
        if let Some((twin, _)) = twin {
            let text = format!("V1: one request made {twin} and {token}");
            self.wrong(text);
        }
        let source = source_key(&request);
        let states = self.history.get(&source).map_or(0, Vec::len);
        let mut known = Known {
            caller,
            request,
            accepted: clock.database(),
            first_state: states.saturating_sub(1),
            was_blind: false,
            sees: false,
            last_seen: clock.now(),
            full_in_claim: 0,
            claims: 0,
            postponed: 0,
            given_back: 0,
            told: None,
            acknowledged: false,
        };
        let account = known.caller.account.clone();
        let shared = (source.0.clone(), account.to_string(), source.1.clone());
        if states == 0
            || known.request.source.account != account && !self.ever_shared.contains(&shared)
        {
            self.wrong(format!(
                "V6: {token} was accepted, but {account} never saw its source"
            ));
        }
        // The decision rested on what was read a moment before.
        known.sees = self.sees(&known);
        known.was_blind = !known.sees;
        self.copies.insert(token.to_owned(), known);
    }

    fn sees(&self, known: &Known) -> bool {
        let (region, product) = source_key(&known.request);
        let account = known.caller.account.as_str();
        self.seen
            .iter()
            .any(|seen| seen.sees(account, &region, &product))
    }

    /// Notes which unfinished copies see their source.
    fn note_sight(&mut self, clock: &Clock) {
        let mut copies = std::mem::take(&mut self.copies);
        for known in copies.values_mut() {
            let sees = self.sees(known);
            // It saw it until this very commit, if the commit took it away.
            if sees || known.sees {
                known.last_seen = clock.now();
            }
            known.sees = sees;
            known.was_blind |= !sees;
        }
        self.copies = copies;
    }

    fn row(&self, token: &str) -> Option<&CopyRow> {
        self.seen.iter().find_map(|seen| seen.copies.get(token))
    }

    /// Whether a copy is final by now.
    pub(super) fn is_final(&self, token: &str) -> bool {
        self.row(token).is_some_and(CopyRow::is_final)
    }

    /// Copies that are not final.
    pub(super) fn unfinished(&self) -> Vec<String> {
        let rows = self.seen.iter().flat_map(|seen| &seen.copies);
        let unfinished = rows.filter(|(_, row)| !row.is_final());
        unfinished.map(|(token, _)| token.clone()).collect()
    }

    /// A caller holds this token: the copy must be there, now and for ever.
    pub(super) fn acknowledged(&mut self, token: &str) {
        match self.copies.get_mut(token) {
            Some(known) => known.acknowledged = true,
            None => self.wrong(format!("V1: {token} was acknowledged and is not there")),
        }
    }

    /// A caller was told how its copy stands; `was_final` when it asked.
    pub(super) fn told(&mut self, token: &str, was_final: bool, status: &str, text: &str) {
        let Some(row) = self.row(token) else {
            return self.wrong(format!("V1: {token} was described and is not there"));
        };
        let state = row.state.clone();
        if status == "IN_PROGRESS" {
            if was_final {
                self.wrong(format!(
                    "V4: {token} is {state} and was told to be in progress"
                ));
            }
            return;
        }
        if status != state {
            return self.wrong(format!(
                "V4: {token} is {state} and was told to be {status}"
            ));
        }
        if text.contains(CANARY) || status == "FAILED" && text.is_empty() {
            self.wrong(format!("V3: {token} failed with the reason {text:?}"));
        }
        let told = format!("{status} {text}");
        if let Some(known) = self.copies.get_mut(token) {
            let before = known.told.get_or_insert_with(|| told.clone());
            if *before != told {
                let text = format!("V4: {token} was told {before:?}, then {told:?}");
                self.wrong(text);
            }
        }
    }

    /// What must hold once everything has come to rest.
    pub(super) fn at_rest(&mut self) {
        for token in self.unfinished() {
            let row = self.row(&token).map(|row| format!("{row:?}"));
            self.wrong(format!(
                "V7: {token} is not final: {}",
                row.unwrap_or_default()
            ));
        }
        let mut wrong = Vec::new();
        for seen in &self.seen {
            for (key, row) in &seen.products {
                if usize::try_from(row.count) != Ok(row.artifacts.len()) {
                    wrong.push(format!(
                        "V2: {} counts {} versions of {}",
                        key.1,
                        row.count,
                        row.artifacts.len()
                    ));
                }
            }
            for ((region, account), used) in &seen.tallies {
                let count = products_count(seen, account, region);
                if u64::try_from(*used) != Ok(count) {
                    wrong.push(format!(
                        "V2: {account} counts {used} products of {count} in {region}"
                    ));
                }
            }
        }
        self.wrong.extend(wrong);
    }

    /// How each copy ended: a state, or the code of a reason.
    pub(super) fn endings(&self) -> Vec<String> {
        let rows = self.seen.iter().flat_map(|seen| seen.copies.values());
        let code = |detail: &String| {
            let detail: Option<StatusDetail> = serde_json::from_str(detail).ok();
            detail.map_or("?", |detail| detail.code()).to_owned()
        };
        rows.map(|row| row.detail.as_ref().map_or(row.state.clone(), code))
            .collect()
    }
}

fn source_key(request: &CopyRequest) -> Key {
    let source = &request.source;
    (source.region.to_string(), source.product.to_string())
}

fn read<T: for<'a> Deserialize<'a>>(text: &str) -> T {
    serde_json::from_str(text).expect("the store's documents have the domain's types")
}

fn products_count(seen: &Seen, account: &str, region: &str) -> u64 {
    let own = |(key, row): &(&Key, &look::ProductRow)| key.0 == region && row.account == account;
    seen.products.iter().filter(own).count() as u64
}
