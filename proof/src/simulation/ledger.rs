//! The ledger: looks at the databases after each commit, and holds what it sees against the invariants.

mod landing;
pub(super) mod look;

use std::collections::{BTreeMap, BTreeSet};

use mimeo_domain::artifacts::Artifact;
use mimeo_domain::copying::{CopyRequest, DEADLINE_MILLIS, DEATHS_MAX, FAILURES_MAX, StatusDetail};
use mimeo_domain::products::Product;
use mimeo_domain::{Caller, Quotas};
use mimeo_store::Store;
use mimeo_templates::shelf::Shelf;
use serde::Deserialize;

use super::clock::Clock;
use look::{CopyRow, Key, Seen};

/// Running copies of one account, at most: what the workers ask for.
pub(super) const RUNNING_MAX: u32 = 2;

/// A right that was looked up in another database may be this old when the copy lands, in milliseconds.
const RIGHT_MILLIS_MAX: i64 = 15_000;

/// A part of every name and text that an account writes about its products: others must not read it
/// in the reason of a failure.
pub(super) const CANARY: &str = "canary";

#[derive(Debug)]
pub(super) struct Ledger {
    stores: Vec<Store>,
    pub quotas: Quotas,
    pub seen: Vec<Seen>,
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
    /// The last instant at which the caller saw the source, by the simulation's clock.
    last_seen: i64,
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
            seen: vec![Seen::default(); stores.len()],
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
        let before = std::mem::replace(&mut self.seen[store], now.clone());
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
        told
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
            last_seen: i64::MIN,
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
        known.was_blind = !self.sees(&known);
        known.last_seen = clock.now();
        self.copies.insert(token.to_owned(), known);
    }

    /// A row that was there before has changed.
    fn moved(
        &mut self,
        clock: &Clock,
        before: &Seen,
        work: &str,
        held: Held<'_>,
        token: &str,
        (old, new): (&CopyRow, &CopyRow),
    ) {
        let (from, to) = (old.state.as_str(), new.state.as_str());
        if old.is_final() {
            self.wrong(format!(
                "V4: {work} changed {token}, which is {from}, to {to}"
            ));
        }
        if old.plan.is_some() && old.plan != new.plan {
            self.wrong(format!("V2: {work} changed the stored plan of {token}"));
        }
        if work == "Claim" {
            self.check_claim(clock, before, token, (old, new));
            return;
        }
        if let Some((held_token, held_fence)) = held
            && (held_token != token || held_fence != old.fence)
        {
            self.wrong(format!(
                "V5: {work} under fence {held_fence} of {held_token} changed {token}, which is at fence {}",
                old.fence
            ));
        }
        let Some(known) = self.copies.get_mut(token) else {
            return;
        };
        match (from, to) {
            ("RUNNING", "QUEUED") if new.failures == old.failures + 1 => known.postponed += 1,
            ("RUNNING", "QUEUED") if work == "TakeAllBack" => {}
            ("RUNNING", "QUEUED") => known.given_back += 1,
            ("RUNNING", "RUNNING" | "SUCCEEDED") => {}
            ("RUNNING", "FAILED") => self.check_failure(clock, before, token, new),
            _ => self.wrong(format!("V4: {work} moved {token} from {from} to {to}")),
        }
    }

    fn check_claim(
        &mut self,
        clock: &Clock,
        before: &Seen,
        token: &str,
        (old, new): (&CopyRow, &CopyRow),
    ) {
        let now = clock.database();
        if new.fence <= old.fence {
            self.wrong(format!(
                "V5: {token} was claimed again under fence {}",
                new.fence
            ));
        }
        if new.attempts != old.attempts + 1 {
            self.wrong(format!("V7: a claim of {token} was not counted"));
        }
        if old.due > now {
            let early = old.due - now;
            self.wrong(format!(
                "V5: {token} was claimed {early} ms before its time"
            ));
        }
        let running =
            |row: &&CopyRow| row.account == old.account && row.state == "RUNNING" && row.due > now;
        let running = before.copies.values().filter(running).count();
        if running >= RUNNING_MAX as usize {
            let account = &old.account;
            self.wrong(format!(
                "V8: {account} has more than {RUNNING_MAX} copies running"
            ));
        }
        if let Some(known) = self.copies.get_mut(token) {
            known.claims += 1;
        }
    }

    /// A failure must have a cause that the ledger saw as well.
    fn check_failure(&mut self, clock: &Clock, now: &Seen, token: &str, row: &CopyRow) {
        let Some(known) = self.copies.get(token) else {
            return;
        };
        let detail: StatusDetail = match row.detail.as_deref().map(serde_json::from_str) {
            Some(Ok(detail)) => detail,
            _ => {
                let text = format!(
                    "V3: {token} failed with no reason of the list: {:?}",
                    row.detail
                );
                return self.wrong(text);
            }
        };
        let region = known.caller.region.to_string();
        let own = |product: &mimeo_domain::ProductId| (region.clone(), product.to_string());
        let explained = match &detail {
            StatusDetail::SourceNotFound { .. } | StatusDetail::SourceAccessRemoved { .. } => {
                known.was_blind
            }
            StatusDetail::SourceArtifactNotFound { artifact } => {
                let states = self.history.get(&source_key(&known.request));
                let states = states.into_iter().flatten().skip(known.first_state);
                let lacks = |state: &State| state.artifacts.iter().all(|one| one.id != *artifact);
                states.into_iter().any(lacks)
            }
            StatusDetail::SourceUnavailable { .. } => {
                row.failures + 1 >= i64::from(FAILURES_MAX) || self.is_late(clock, known)
            }
            StatusDetail::TargetNotFound { product } => !now.products.contains_key(&own(product)),
            StatusDetail::ProductQuota { .. } => {
                let account = known.caller.account.as_str();
                self.products_count(now, account, &region) >= self.quotas.products
            }
            // Counts of the instant before: the transaction that failed saw the same.
            StatusDetail::ArtifactQuota { .. } | StatusDetail::TagQuota { .. } => true,
            StatusDetail::Deadline => clock.database() >= known.accepted + DEADLINE_MILLIS,
            StatusDetail::Internal { .. } => {
                let deaths = known.claims - known.postponed - known.given_back - 1;
                deaths >= i64::from(DEATHS_MAX) || known.postponed >= i64::from(FAILURES_MAX)
            }
            StatusDetail::ContentVerification { .. } => self.was_spoiled,
            StatusDetail::TargetTypeMismatch { .. } | StatusDetail::Rehearsed { .. } => false,
        };
        if !explained {
            self.wrong(format!("V3: {token} failed without cause: {detail}"));
        }
    }

    fn is_late(&self, clock: &Clock, known: &Known) -> bool {
        clock.database() + 60_000 >= known.accepted + DEADLINE_MILLIS
    }

    fn products_count(&self, seen: &Seen, account: &str, region: &str) -> u64 {
        let own =
            |(key, row): &(&Key, &look::ProductRow)| key.0 == region && row.account == account;
        seen.products.iter().filter(own).count() as u64
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
            if self.sees(known) {
                known.last_seen = clock.now();
            } else {
                known.was_blind = true;
            }
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
                if row.count != row.artifacts.len() as i64 {
                    wrong.push(format!(
                        "V2: {} counts {} versions of {}",
                        key.1,
                        row.count,
                        row.artifacts.len()
                    ));
                }
            }
            for ((region, account), used) in &seen.tallies {
                let count = self.products_count(seen, account, region);
                if *used != count as i64 {
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
