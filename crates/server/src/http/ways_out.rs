//! Templates on their way out. Each is held in memory until its reader has taken it, so they are few at
//! once; and no account has them all, since others would then copy nothing from here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use mimeo_domain::AccountId;
use mimeo_service::Rejection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Templates that are on their way out at once, to all accounts and to one. What another server reads in
/// an account's name counts for that account: as many as its two copies that run bring at once.
const TEMPLATES_OUT_MAX: usize = 16;
const TEMPLATES_OUT_PER_ACCOUNT_MAX: usize = 8;

/// The ways that are taken.
#[derive(Debug)]
pub(crate) struct WaysOut {
    all: Arc<Semaphore>,
    /// Of accounts that have one or wait for one.
    of_accounts: Mutex<BTreeMap<AccountId, Weak<Semaphore>>>,
}

/// The right to send one template.
#[derive(Debug)]
pub(super) struct WayOut {
    _of_account: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Default for WaysOut {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(TEMPLATES_OUT_MAX)),
            of_accounts: Mutex::default(),
        }
    }
}

impl WaysOut {
    /// A way for a reader of this account. Whoever gets none within `patience` is told to come back.
    pub(super) async fn open(
        &self,
        account: &AccountId,
        patience: Duration,
    ) -> Result<WayOut, Rejection> {
        let of_account = self.of(account);
        let both = async {
            // First the account's own: no account waits for others' with more than it may have.
            let of_account = of_account.acquire_owned().await?;
            let of_all = Arc::clone(&self.all).acquire_owned().await?;
            Ok::<_, tokio::sync::AcquireError>(WayOut {
                _of_account: of_account,
                _of_all: of_all,
            })
        };
        let way_out = timeout(patience, both).await.ok().and_then(Result::ok);
        way_out.ok_or_else(|| Rejection::throttled("Rate exceeded"))
    }

    fn of(&self, account: &AccountId) -> Arc<Semaphore> {
        let of_accounts = self.of_accounts.lock();
        let mut of_accounts = of_accounts.unwrap_or_else(PoisonError::into_inner);
        of_accounts.retain(|_, ways| ways.strong_count() > 0);
        if let Some(ways) = of_accounts.get(account).and_then(Weak::upgrade) {
            return ways;
        }
        let ways = Arc::new(Semaphore::new(TEMPLATES_OUT_PER_ACCOUNT_MAX));
        of_accounts.insert(account.clone(), Arc::downgrade(&ways));
        ways
    }
}

impl WayOut {
    /// The template, which gives the way back when its last byte is gone.
    pub(super) fn carry(self, template: Bytes) -> Bytes {
        Bytes::from_owner(OnItsWay {
            template,
            _way_out: self,
        })
    }
}

/// A template that is being sent.
struct OnItsWay {
    template: Bytes,
    _way_out: WayOut,
}

impl AsRef<[u8]> for OnItsWay {
    fn as_ref(&self) -> &[u8] {
        &self.template
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    fn account(number: usize) -> AccountId {
        format!("{number:012}").parse().expect("an account")
    }

    #[tokio::test]
    async fn all_accounts_together_have_so_many_ways() {
        let ways = WaysOut::default();
        let mut taken = Vec::new();
        for number in 0..TEMPLATES_OUT_MAX {
            let reader = account(number / TEMPLATES_OUT_PER_ACCOUNT_MAX);
            taken.push(ways.open(&reader, SOON).await.expect("room"));
        }
        let late = account(TEMPLATES_OUT_MAX);
        assert!(ways.open(&late, SOON).await.is_err());
        taken.pop();
        assert!(ways.open(&late, SOON).await.is_ok());
    }

    #[tokio::test]
    async fn a_way_is_given_back_with_the_last_byte_and_waited_for_until_then() {
        let ways = WaysOut::default();
        let reader = account(1);
        let mut templates = Vec::new();
        for _ in 0..TEMPLATES_OUT_PER_ACCOUNT_MAX {
            let way_out = ways.open(&reader, SOON).await.expect("room");
            templates.push(way_out.carry(Bytes::from_static(b"template")));
        }
        let mut rest = templates.pop().expect("one");
        drop(rest.split_to(4));
        assert!(ways.open(&reader, SOON).await.is_err());
        let patience = Duration::from_secs(20);
        let (way_out, ()) = tokio::join!(ways.open(&reader, patience), async { drop(rest) });
        assert!(way_out.is_ok());
        drop((templates, way_out));
        ways.of(&account(2));
        let known = ways.of_accounts.lock().expect("no panic");
        assert_eq!(known.len(), 1, "accounts without ways are forgotten");
    }
}
