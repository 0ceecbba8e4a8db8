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

/// Part of a store: one account or all of them, in one Region or in all. For what tests may do to a
/// server of their own; no request is answered by one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extent {
    pub account: Option<AccountId>,
    pub region: Option<RegionName>,
}

impl Extent {
    /// Whether this is the whole store.
    pub fn is_all(&self) -> bool {
        self.account.is_none() && self.region.is_none()
    }

    /// Whether the account in the Region is part of it.
    pub fn holds(&self, account: &AccountId, region: &RegionName) -> bool {
        self.account.as_ref().is_none_or(|of| of == account)
            && self.region.as_ref().is_none_or(|of| of == region)
    }

    /// For a statement; empty is any.
    pub(crate) fn account(&self) -> &str {
        self.account.as_ref().map_or("", AccountId::as_str)
    }

    /// For a statement; empty is any.
    pub(crate) fn region(&self) -> &str {
        self.region.as_ref().map_or("", RegionName::as_str)
    }
}
