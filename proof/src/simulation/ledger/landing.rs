//! A copy has just succeeded: is what it made all of one state of its source, and nothing else?

use mimeo_domain::artifacts::{Artifact, Lineage};
use mimeo_domain::copying::{CopyRequest, CopyTags, Target};
use mimeo_domain::products::Product;
use mimeo_domain::tags::Tag;
use mimeo_templates::shelf::{Digest, Shelf};

use super::look::{Key, ProductRow, Seen, at_once};
use super::{Ledger, RIGHT_MILLIS_MAX, State, products_count, read, source_key};
use crate::simulation::clock::Clock;
use crate::simulation::node::store_of;

impl Ledger {
    pub(super) fn check_landing(
        &mut self,
        clock: &Clock,
        store: usize,
        token: &str,
        before: &Seen,
        now: &Seen,
    ) {
        let mut wrong = Vec::new();
        if let Some(known) = self.copies.get(token) {
            let source = source_key(&known.request);
            let account = known.caller.account.as_str();
            let source_is_here = self.seen.len() == 1 || store_of(&source.0) == store;
            let unseen = clock.now() - known.last_seen;
            let allowed = RIGHT_MILLIS_MAX + clock.set_back();
            if !self.sees(known) && (source_is_here || unseen > allowed) {
                wrong.push(format!(
                    "V6: {token} landed {unseen} ms after {account} lost the right to its source"
                ));
            }
            let region = known.caller.region.to_string();
            let target: Key = (region.clone(), known.request.target.id().to_string());
            let others = changed_keys(before, now);
            if others.iter().any(|key| **key != target) {
                wrong.push(format!(
                    "V2: {token} changed {others:?} and not only {target:?}"
                ));
            }
            let states = self.history.get(&source);
            let states = states.into_iter().flatten().skip(known.first_state);
            let landed = before.products.get(&target);
            let made = now.products.get(&target);
            let fits =
                |state: &State| made.is_some_and(|made| is_of(state, &known.request, landed, made));
            if !states.into_iter().any(fits) {
                wrong.push(format!("V2: {token} landed what its source never was"));
            }
            if made.is_some_and(|made| made.account != account) {
                wrong.push(format!("V2: {token} landed in another account"));
            }
            if products_count(now, account, &region) > self.quotas.products {
                wrong.push(format!("V2: {token} landed above the quota of products"));
            }
            let bodies = &self.shelves[store_of(&region)];
            for (id, body) in made.iter().flat_map(|made| &made.artifacts) {
                if !is_whole(bodies, &read(body)) {
                    wrong.push(format!(
                        "V2: {token} landed, but the body of {id} is not whole"
                    ));
                }
            }
            let versions = made.map_or(0, |made| made.artifacts.len() as u64);
            if versions > self.quotas.artifacts_per_product {
                wrong.push(format!("V2: {token} landed above the quota of versions"));
            }
        }
        self.wrong.extend(wrong);
    }
}

/// Whether the template of a version lies on the shelf, or there is none.
fn is_whole(shelf: &Shelf, artifact: &Artifact) -> bool {
    let Some(text) = &artifact.digest else {
        return true;
    };
    let digest: Digest = text.parse().expect("a digest");
    let body = at_once(shelf.get(&digest));
    body.is_ok_and(|body| body.is_some_and(|body| Digest::of(&body) == digest))
}

fn changed_keys<'a>(before: &'a Seen, now: &'a Seen) -> Vec<&'a Key> {
    let all = before.products.keys().chain(now.products.keys());
    let mut keys: Vec<&Key> = all
        .filter(|key| before.products.get(*key) != now.products.get(*key))
        .collect();
    keys.dedup();
    keys
}

/// Whether `made` is what a copy of this state must have made of the target as it was `before`.
fn is_of(
    state: &State,
    request: &CopyRequest,
    before: Option<&ProductRow>,
    made: &ProductRow,
) -> bool {
    let product: Product = read(&made.body);
    let kept = before.map_or(0, |before| before.artifacts.len());
    if before.is_some_and(|before| made.artifacts.get(..kept) != Some(&before.artifacts[..])) {
        return false;
    }
    let copied = request.tags == CopyTags::Copy;
    let (details, tags_before) = match (&request.target, before) {
        (Target::New(_), None) => {
            let mut details = state.product.details.clone();
            if let Some(name) = &request.name {
                details.name.clone_from(name);
            }
            (details, Vec::new())
        }
        (Target::Existing(_), Some(before)) => {
            let before: Product = read(&before.body);
            (before.details, before.tags)
        }
        _ => return false,
    };
    let source_tags: &[Tag] = if copied { &state.product.tags } else { &[] };
    let wanted = state
        .artifacts
        .iter()
        .filter(|one| request.artifacts.is_empty() || request.artifacts.contains(&one.id));
    let landed: Vec<Artifact> = made.artifacts[kept..]
        .iter()
        .map(|(_, body)| read(body))
        .collect();
    let wanted: Vec<&Artifact> = wanted.collect();
    product.details == details
        && product.product_type == state.product.product_type
        && has_tags(&product.tags, &tags_before, source_tags)
        && wanted.len() == landed.len()
        && wanted
            .iter()
            .zip(&landed)
            .all(|(from, to)| is_copy(from, to))
}

fn is_copy(from: &Artifact, to: &Artifact) -> bool {
    let lineage = Lineage::Copied {
        product: from.product.clone(),
        artifact: from.id.clone(),
    };
    from.details == to.details
        && from.artifact_type == to.artifact_type
        && from.active == to.active
        && from.guidance == to.guidance
        && from.digest == to.digest
        && to.lineage == lineage
}

/// The target's own tags, with the source's over them.
fn has_tags(after: &[Tag], before: &[Tag], source: &[Tag]) -> bool {
    let overlaid = |tag: &&Tag| source.iter().all(|one| one.key != tag.key);
    let mut wanted: Vec<&Tag> = before.iter().filter(overlaid).chain(source).collect();
    let mut after: Vec<&Tag> = after.iter().collect();
    wanted.sort_by(|one, other| one.key.cmp(&other.key));
    after.sort_by(|one, other| one.key.cmp(&other.key));
    wanted == after
}
