//! Copies: whether the state of each, what it left and what was answered about it go together.

use mimeo_domain::artifacts::{Artifact, Lineage};
use mimeo_domain::copying::{Copy, State, Target, landed_artifacts};
use mimeo_store::{AuthScope, CheckedCopy, CheckedReplay, Odd, StoreError, Tx};

use super::Checked;
use crate::language::Language;

pub(super) async fn check(tx: &mut Tx<'_>, checked: &mut Checked) -> Result<(), StoreError> {
    let mut after: Option<CheckedCopy> = None;
    loop {
        let page = tx.page_checked_copies(after.as_ref()).await?;
        for row in &page {
            checked.copies += 1;
            checked.copies_under_way += u64::from(row.is_unfinished);
            if let Some(what) = columns(row) {
                checked.note("V4", odd(row, what));
            }
            let looked = match tx.find_copy(&row.scope, &row.token).await {
                Ok(Some(copy)) => left(tx, row, &copy, checked)
                    .await
                    .map_err(|error| ("V2", error)),
                Ok(None) => {
                    checked.note("V4", odd(row, "it is not of the account in its row"));
                    Ok(())
                }
                Err(error) => Err(("V4", error)),
            };
            match looked {
                Ok(()) => {}
                // A document does not read. A failed statement has ended the transaction.
                Err((rule, StoreError::Broken(what))) => checked.note(rule, odd(row, &what)),
                Err((_, error)) => return Err(error),
            }
        }
        match page.into_iter().next_back() {
            None => return Ok(()),
            last => after = last,
        }
    }
}

fn odd(row: &CheckedCopy, what: &str) -> Odd {
    let CheckedCopy { scope, token, .. } = row;
    let subject = format!(
        "copy {token} of account {} in {}",
        scope.account, scope.region
    );
    Odd::new(subject, what)
}

/// What its columns say that no step writes.
fn columns(row: &CheckedCopy) -> Option<&'static str> {
    let is_final = match row.state.as_str() {
        "QUEUED" | "RUNNING" => false,
        "SUCCEEDED" | "FAILED" => true,
        _ => return Some("it is in no known state"),
    };
    if is_final == row.is_unfinished {
        return Some("its state and its being unfinished contradict each other");
    }
    if is_final != row.finished.is_some() {
        return Some("its state and the time of its end contradict each other");
    }
    if row.state == "SUCCEEDED" && !row.has_plan {
        return Some("it succeeded without a plan");
    }
    let failed = row.state == "FAILED";
    if failed != row.status_detail.is_some() {
        return Some("its state and its StatusDetail contradict each other");
    }
    None
}

/// What the copy left in the catalogue, against its state.
async fn left(
    tx: &mut Tx<'_>,
    row: &CheckedCopy,
    copy: &Copy,
    checked: &mut Checked,
) -> Result<(), StoreError> {
    let scope = AuthScope::of(&copy.caller);
    if scope != row.scope || row.target != *copy.request.target.id() {
        checked.note("V4", odd(row, "its columns differ from its document"));
        return Ok(());
    }
    if copy.fence < i64::from(copy.attempts) || copy.attempts < copy.failures {
        let what = "it was tried more often than it was claimed";
        checked.note("V4", odd(row, what));
    }
    let target = tx.find_product(&scope, copy.request.target.id()).await?;
    let there = landed(tx, &scope, copy).await?;
    if copy.state == State::Succeeded {
        if let Some(what) = there.iter().find_map(|pair| unlike_plan(copy, pair)) {
            checked.note("V2", odd(row, what));
        }
        let whole = target.is_some() && there.iter().all(|(_, found)| found.is_some());
        checked.copies_deleted_since += u64::from(!whole);
        return Ok(());
    }
    let is_new = matches!(copy.request.target, Target::New(_));
    if is_new && target.is_some() || there.iter().any(|(_, found)| found.is_some()) {
        let what = "it has not succeeded, but what it was to make is there";
        checked.note("V3", odd(row, what));
    }
    if let State::Failed(detail) = &copy.state {
        let text = Language::default().status_detail(detail);
        if text.trim().is_empty() {
            checked.note("V3", odd(row, "it failed without a word"));
        }
    }
    Ok(())
}

/// Each version that the plan lands, beside the one that is there under its id.
async fn landed(
    tx: &mut Tx<'_>,
    scope: &AuthScope,
    copy: &Copy,
) -> Result<Vec<(Artifact, Option<Artifact>)>, StoreError> {
    let mut pairs = Vec::new();
    let Some(plan) = &copy.plan else {
        return Ok(pairs);
    };
    for wanted in landed_artifacts(copy, plan, copy.created) {
        let found = tx.find_artifact(scope, &wanted.product, &wanted.id).await?;
        pairs.push((wanted, found));
    }
    Ok(pairs)
}

/// Names, guidance and the like may have been changed since; what a version is made of may not.
fn unlike_plan(
    copy: &Copy,
    (wanted, found): &(Artifact, Option<Artifact>),
) -> Option<&'static str> {
    let found = found.as_ref()?;
    if found.digest != wanted.digest || found.artifact_type != wanted.artifact_type {
        return Some("a version that it brought has another template than planned");
    }
    match &found.lineage {
        Lineage::Copied { product, .. } if *product == copy.request.source.product => None,
        Lineage::Copied { .. } | Lineage::First | Lineage::Later => {
            Some("a version that it brought names another source")
        }
    }
}

/// Each token that was answered names a copy that is there.
pub(super) async fn check_replays(
    tx: &mut Tx<'_>,
    checked: &mut Checked,
) -> Result<(), StoreError> {
    let mut after: Option<CheckedReplay> = None;
    loop {
        let page = tx.page_copy_replays(after.as_ref()).await?;
        for replay in &page {
            let answer: serde_json::Value =
                serde_json::from_str(&replay.answer).unwrap_or_default();
            let token = answer["CopyProductToken"].as_str().unwrap_or_default();
            if tx
                .find_copy(&replay.scope, &token.into())
                .await
                .is_ok_and(|copy| copy.is_none())
            {
                let AuthScope { account, region } = &replay.scope;
                let asked = &replay.token;
                let subject = format!("answer to {asked:?} of account {account} in {region}");
                let what = format!("it names copy {token:?}, which is not there");
                checked.note("V1", Odd::new(subject, what));
            }
        }
        match page.into_iter().next_back() {
            None => return Ok(()),
            last => after = last,
        }
    }
}
