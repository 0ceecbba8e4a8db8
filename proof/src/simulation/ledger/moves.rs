//! A copy's row has changed: may it, by this worker, at this instant, and for what reason?

use mimeo_domain::copying::{DEADLINE_MILLIS, DEATHS_MAX, FAILURES_MAX, StatusDetail};

use super::look::{CopyRow, Seen};
use super::{Held, Known, Ledger, RUNNING_MAX, State, source_key};
use crate::simulation::clock::Clock;

impl Ledger {
    /// A row that was there before has changed.
    pub(super) fn moved(
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
        if work == "Claim" || work == "ClaimSuspect" {
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
            // Also where something was away, which counts no more than a stop.
            ("RUNNING", "QUEUED") => known.given_back += 1,
            ("RUNNING", "RUNNING" | "SUCCEEDED") => {}
            ("QUEUED" | "RUNNING", "FAILED") if work == "Cancel" => self.check_cancel(token, new),
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

    fn check_cancel(&mut self, token: &str, row: &CopyRow) {
        let detail = row.detail.as_deref().map(serde_json::from_str);
        if !matches!(detail, Some(Ok(StatusDetail::Cancelled))) {
            self.wrong(format!("V3: {token} was cancelled with {:?}", row.detail));
        }
    }

    /// A failure must have a cause that the ledger saw as well.
    fn check_failure(&mut self, clock: &Clock, now: &Seen, token: &str, row: &CopyRow) {
        let Some(known) = self.copies.get(token) else {
            return;
        };
        let detail = row.detail.as_deref().map(serde_json::from_str);
        let Some(Ok::<StatusDetail, _>(detail)) = detail else {
            let text = format!(
                "V3: {token} failed with no reason of the list: {:?}",
                row.detail
            );
            return self.wrong(text);
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
            StatusDetail::SourceUnavailable { .. } => is_late(clock, known),
            StatusDetail::TargetNotFound { product } => !now.products.contains_key(&own(product)),
            StatusDetail::ProductQuota { .. } => known.full_in_claim == known.claims,
            // Counts of the instant before: the transaction that failed saw the same.
            StatusDetail::ArtifactQuota { .. } | StatusDetail::TagQuota { .. } => true,
            StatusDetail::Deadline => clock.database() >= known.accepted + DEADLINE_MILLIS,
            StatusDetail::Internal { .. } => {
                let deaths = known.claims - known.postponed - known.given_back - 1;
                deaths >= i64::from(DEATHS_MAX) || known.postponed >= i64::from(FAILURES_MAX)
            }
            StatusDetail::ContentVerification { .. } => self.was_spoiled,
            // Only its owner cancels a copy, and not through a worker.
            StatusDetail::TargetTypeMismatch { .. }
            | StatusDetail::Rehearsed { .. }
            | StatusDetail::Cancelled => false,
        };
        if !explained {
            self.wrong(format!("V3: {token} failed without cause: {detail}"));
        }
    }
}

fn is_late(clock: &Clock, known: &Known) -> bool {
    clock.database() + 60_000 >= known.accepted + DEADLINE_MILLIS
}
