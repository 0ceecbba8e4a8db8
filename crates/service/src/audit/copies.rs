//! Copies that end: nobody asks then, so the record is an event of the service.

use mimeo_domain::Timestamp;
use mimeo_domain::arn::product_arn;
use mimeo_domain::copying::{Copy, StatusDetail};
use mimeo_store::AuditRecord;
use serde_json::json;

use super::SERVICE_CATALOG;
use super::record::{Happened, happened};
use crate::language::Language;

/// The record of a copy that landed, or that failed with a detail.
pub(crate) fn ended(copy: &Copy, failed: Option<&StatusDetail>, now: Timestamp) -> AuditRecord {
    let (source, caller) = (&copy.request.source, &copy.caller);
    let target = copy.request.target.id();
    let (name, status) = match failed {
        None => ("CopyProductCompleted", "SUCCEEDED"),
        Some(_) => ("CopyProductFailed", "FAILED"),
    };
    let mut details = json!({
        "copyProductToken": copy.token.as_str(),
        "copyProductStatus": status,
        "sourceProductArn": product_arn(&source.region, &source.account, &source.product),
        "requestedBy": caller.principal,
    });
    if let Some(detail) = failed {
        details["statusDetail"] = Language::English.status_detail(detail).into();
    } else {
        details["targetProductId"] = target.as_str().into();
    }
    let seed = [copy.token.as_str(), name].join(" ");
    happened(&Happened {
        account: &caller.account,
        region: &caller.region,
        now,
        source: SERVICE_CATALOG,
        name,
        seed: &seed,
        details,
    })
}
