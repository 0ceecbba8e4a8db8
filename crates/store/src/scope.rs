//! Whose rows a statement may touch.

use mimeo_domain::{AccountId, Caller, RegionName};

/// An account in a Region, vouched for by whoever verified the caller. Nothing is read or written
/// without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthScope {
    pub account: AccountId,
    pub region: RegionName,
}

impl AuthScope {
    /// The caller's own account and Region.
    pub fn of(caller: &Caller) -> Self {
        Self {
            account: caller.account.clone(),
            region: caller.region.clone(),
        }
    }

    /// The caller's account in another Region, as for the source of a copy.
    pub fn elsewhere(caller: &Caller, region: &RegionName) -> Self {
        Self {
            account: caller.account.clone(),
            region: region.clone(),
        }
    }
}
