//! The checker: every history's copies against what the catalogues hold in the end.

use std::collections::BTreeMap;
use std::fmt;

use mimeo_domain::copying::DEATHS_MAX;
use serde_json::{Value, json};

use crate::load::{Asked, Load, Onto};
use crate::report::Report;
use crate::shop::{Corner, Shop, text, texts};

/// Products that were there before any copy: a source and a sink in each corner.
const BEFORE: [&str; 2] = ["source", "sink"];

#[derive(Debug, Default)]
pub(crate) struct Found {
    pub copies: u64,
    pub acknowledged: u64,
    pub unknown: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub lost: u64,
    pub doubled: u64,
    /// How the tries of each failed copy ended.
    pub tries_of_failed: Vec<String>,
    /// What must not be, in words.
    pub wrong: Vec<String>,
}

impl Found {
    fn figures(&self) -> [(&'static str, u64); 7] {
        [
            ("copies", self.copies),
            ("acknowledged", self.acknowledged),
            ("unknown", self.unknown),
            ("succeeded", self.succeeded),
            ("failed", self.failed),
            ("lost", self.lost),
            ("doubled", self.doubled),
        ]
    }

    pub(crate) fn tell(&self, report: &mut Report) {
        for (name, count) in self.figures() {
            report.figure(name, count);
        }
    }

    /// What must not be, in words, losses and doubles too.
    pub(crate) fn all_wrong(&self) -> Vec<String> {
        let mut wrong = self.wrong.clone();
        if self.lost + self.doubled > 0 {
            wrong.push(format!("lost {}, doubled {}", self.lost, self.doubled));
        }
        wrong
    }

    /// Adds the figures of another one.
    pub(crate) fn add(&mut self, other: &Self) {
        self.copies += other.copies;
        self.acknowledged += other.acknowledged;
        self.unknown += other.unknown;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.tries_of_failed
            .extend_from_slice(&other.tries_of_failed);
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = self
            .figures()
            .map(|(name, count)| format!("{name} {count}"));
        f.write_str(&figures.join(", "))
    }
}

/// Each product of a corner by its name.
type Shelf = BTreeMap<String, Vec<Value>>;

/// Waits for the acknowledged copies while `in_time`, then checks everything.
pub(crate) fn all(shop: &Shop, load: &Load, in_time: impl Fn() -> bool) -> Found {
    let mut found = Found {
        copies: load.copies,
        wrong: load.contradictions.lock().unwrap().clone(),
        ..Found::default()
    };
    let history = load.history();
    if history.len() as u64 != load.copies {
        found.wrong.push(format!("{} histories", history.len()));
    }
    let ends: Vec<Option<Value>> = history
        .iter()
        .map(|asked| end(shop, asked, &in_time))
        .collect();
    let shelves: Vec<Shelf> = shop
        .corners
        .iter()
        .map(|corner| shelf(shop, corner))
        .collect();
    let mut onto_sink = vec![0; shop.corners.len()];
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    for (asked, end) in history.iter().zip(&ends) {
        let name = format!("copy-{}", asked.number);
        let there = shelves[asked.to].get(&name).map_or(&[][..], Vec::as_slice);
        named.insert(name.clone(), asked.to);
        if there.len() > 1 {
            found.doubled += 1;
        }
        match end {
            None => found.unknown += 1,
            Some(status) => {
                found.acknowledged += 1;
                acknowledged(shop, asked, (status, there), &mut onto_sink, &mut found);
            }
        }
        for product in there {
            is_like_source(shop, asked, product, &mut found);
        }
    }
    strangers(&shelves, &named, &mut found);
    for (corner, copies) in shop.corners.iter().zip(onto_sink) {
        sink_holds(shop, corner, copies, &mut found);
    }
    found
}

/// How an acknowledged copy ended, asked under its token, which a repeated request answers again.
fn end(shop: &Shop, asked: &Asked, in_time: &impl Fn() -> bool) -> Option<Value> {
    let token = asked.token.as_ref()?;
    let place = shop.corners[asked.to].place;
    let again = shop.does(place, "CopyProduct", &asked.input);
    if text(&again, "/CopyProductToken") != *token {
        return Some(json!({"CopyProductStatus": format!("answered {again} later")}));
    }
    let input = json!({"CopyProductToken": token});
    loop {
        let status = shop.does(place, "DescribeCopyProductStatus", &input);
        if status["CopyProductStatus"] != "IN_PROGRESS" || !in_time() {
            return Some(status);
        }
        crate::sleep(20);
    }
}

fn acknowledged(
    shop: &Shop,
    asked: &Asked,
    (status, there): (&Value, &[Value]),
    onto_sink: &mut [usize],
    found: &mut Found,
) {
    let target = status["TargetProductId"].as_str();
    match (status["CopyProductStatus"].as_str(), asked.onto) {
        (Some("SUCCEEDED"), Onto::New) => {
            found.succeeded += 1;
            let ids: Vec<_> = there.iter().map(|one| one["ProductId"].as_str()).collect();
            if there.is_empty() {
                found.lost += 1;
            } else if !ids.contains(&target) {
                found
                    .wrong
                    .push(format!("{asked:?}: {status} names another product"));
            }
        }
        (Some("SUCCEEDED"), Onto::Sink) => {
            found.succeeded += 1;
            onto_sink[asked.to] += shop.corners[asked.from].versions.len();
        }
        (Some("FAILED"), _) => {
            found.failed += 1;
            // Nobody deleted or unshared anything: the only reason is a copy killed three times.
            let detail = status["StatusDetail"].as_str().unwrap_or_default();
            let tries = tries(shop, asked);
            let deaths = tries.iter().filter(|outcome| *outcome == "LOST").count();
            let is_internal = detail.starts_with("Internal error");
            if !there.is_empty() || !is_internal || deaths < DEATHS_MAX as usize {
                let tries = tries.join(", ");
                found
                    .wrong
                    .push(format!("{asked:?}: {status}, {there:?}, tries {tries}"));
            }
            found.tries_of_failed.push(tries.join(", "));
        }
        _ => {
            found.lost += 1;
            found.wrong.push(format!("{asked:?}: {status}"));
        }
    }
}

/// How each try of a copy ended.
fn tries(shop: &Shop, asked: &Asked) -> Vec<String> {
    let token = asked.token.as_deref().unwrap_or_default();
    let told = shop.page(
        shop.corners[asked.to].place,
        &format!("/_mimeo/v1/copies/{token}"),
    );
    let tries = told["tries"].as_array().cloned().unwrap_or_default();
    tries.iter().map(|one| text(one, "/outcome")).collect()
}

fn is_like_source(shop: &Shop, asked: &Asked, product: &Value, found: &mut Found) {
    let source = &shop.corners[asked.from];
    let id = product["ProductId"].as_str().unwrap();
    let versions = shop.versions(shop.corners[asked.to].place, id);
    if texts(product) != source.summary || versions != source.versions {
        found
            .wrong
            .push(format!("{asked:?}: {product} {versions:?}"));
    }
}

/// No product is there that nobody asked for, or in a corner for which it was not.
fn strangers(shelves: &[Shelf], named: &BTreeMap<String, usize>, found: &mut Found) {
    for (corner, shelf) in shelves.iter().enumerate() {
        for name in shelf.keys() {
            if named.get(name) != Some(&corner) && !BEFORE.contains(&name.as_str()) {
                found.wrong.push(format!("{name} in corner {corner}"));
            }
        }
    }
}

fn sink_holds(shop: &Shop, corner: &Corner, copied: usize, found: &mut Found) {
    let input = json!({"ProductId": corner.sink});
    let listed = shop.does(corner.place, "ListProvisioningArtifacts", &input);
    let there = listed["ProvisioningArtifactDetails"]
        .as_array()
        .unwrap()
        .len();
    if there > 1 + copied {
        found.doubled += 1;
    } else if there < 1 + copied {
        found.lost += 1;
    }
}

fn shelf(shop: &Shop, corner: &Corner) -> Shelf {
    let mut shelf = Shelf::new();
    let mut input = json!({});
    loop {
        let page = shop.does(corner.place, "SearchProductsAsAdmin", &input);
        for product in page["ProductViewDetails"].as_array().unwrap() {
            let summary = product["ProductViewSummary"].clone();
            let name = text(&summary, "/Name");
            shelf.entry(name).or_default().push(summary);
        }
        match &page["NextPageToken"] {
            Value::String(next) => input = json!({"PageToken": next}),
            _ => return shelf,
        }
    }
}
