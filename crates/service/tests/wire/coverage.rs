//! Nothing is answered that no story states in full.

use std::collections::BTreeSet;

use mimeo_api::OPERATIONS;
use mimeo_service::PENDING;

use crate::told::Told;
use crate::{
    artifacts, budgets, constraints, copying, launch_paths, organizations, portfolios, principals,
    products, provisioning, search, service_actions, shares, table, tag_options,
};

#[tokio::test]
async fn every_answer_is_stated_byte_by_byte() {
    let mut told = Told::default();
    products::answers(&mut told).await;
    artifacts::answers(&mut told).await;
    portfolios::answers(&mut told).await;
    shares::answers(&mut told).await;
    search::answers(&mut told).await;
    copying::answers(&mut told).await;
    budgets::answers(&mut told).await;
    constraints::answers(&mut told).await;
    launch_paths::answers(&mut told).await;
    organizations::answers(&mut told).await;
    principals::answers(&mut told).await;
    provisioning::answers(&mut told).await;
    service_actions::answers(&mut told).await;
    tag_options::answers(&mut told).await;
    let all: BTreeSet<&str> = OPERATIONS.iter().map(|one| one.name).collect();
    let pending: BTreeSet<&str> = PENDING.iter().copied().collect();
    let implemented: BTreeSet<&str> = all.difference(&pending).copied().collect();
    assert!(pending.is_subset(&all));
    assert_eq!(told.0, implemented);
    table::holds(&told.0);
}
