//! Copy workers: each slot leases a due copy, keeps its heartbeat, and sees it to an end.

use std::sync::Arc;
use std::time::Duration;

use mimeo_domain::copying::{Copy, HEARTBEAT_MILLIS};
use mimeo_service::Service;
use mimeo_service::workflows::copy::{self, Ending};
use mimeo_service::workflows::lease;
use mimeo_store::{Claimer, Fence, Fenced, Store, StoreError};
use tokio::sync::RwLock;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use crate::clock;
use crate::config;
use crate::metrics::{Metrics, Outcome};
use crate::phase::{Phase, Watch};

/// How often a node looks by itself, in milliseconds: for retries, copies of dead workers, and
/// those that another node accepted. Its own are announced.
const POLL_MILLIS: u64 = 1_000;

const HEARTBEAT: Duration = Duration::from_millis(HEARTBEAT_MILLIS.unsigned_abs());

/// How often the lanes of waiting copies are mended, in polls.
const MEND_POLLS: u32 = 5;

/// Polls in which a copy that must run alone waits for a node that runs nothing, before one makes room
/// for it.
const SUSPECT_POLLS: u32 = 3;

/// How long a slot leaves a store alone that did not let it claim.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);

/// Pause between two tries to let go of a copy.
const LET_GO_PAUSE: Duration = Duration::from_millis(250);

/// How long a try may take to notice that its copy is final.
const NOTICE: Duration = Duration::from_millis(200);

/// Works on the copies of one store, a slot each at a time.
#[derive(Debug, Clone)]
pub(crate) struct Workers {
    pub service: Service,
    pub store: Store,
    pub metrics: Arc<Metrics>,
    pub claimer: Claimer,
    pub sizes: config::Workers,
    pub watch: Watch,
    /// Shared by all copies that this node runs; a copy that must run alone has it exclusively.
    pub company: Arc<RwLock<()>>,
}

impl Workers {
    /// Runs all slots until the server drains and their copies are done or handed back.
    pub(crate) async fn run(self) {
        let mut slots = JoinSet::new();
        slots.spawn(self.clone().look_around());
        slots.spawn(self.clone().listen());
        for _ in 0..self.sizes.copies_max {
            slots.spawn(self.clone().slot());
        }
        while slots.join_next().await.is_some() {}
    }

    async fn slot(mut self) {
        while self.watch.now() == Phase::Running {
            let company = Arc::clone(&self.company);
            let among_others = tokio::select! {
                among_others = company.read() => among_others,
                _ = self.watch.next() => continue,
            };
            match copy::claim(&self.store, &self.claimer).await {
                Ok(Some(copy)) => {
                    // Where one is due there may be more: another slot looks, and wakes the next.
                    self.service.world().copy_accepted.notify_one();
                    self.work_on(copy).await;
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    warn!(%error, "copies cannot be claimed");
                    self.pause(REFUSED_PAUSE).await;
                    continue;
                }
            }
            drop(among_others);
            let service = self.service.clone();
            tokio::select! {
                () = service.world().copy_accepted.notified() => {}
                () = sleep(self.poll()) => {}
                _ = self.watch.next() => {}
            }
        }
    }

    async fn pause(&mut self, length: Duration) {
        tokio::select! {
            () = sleep(length) => {}
            _ = self.watch.next() => {}
        }
    }

    /// Looks at each poll for copies that must run alone, and mends what others left behind.
    async fn look_around(mut self) {
        let (mut polls, mut waited) = (0, 0);
        while self.watch.now() == Phase::Running {
            if polls % MEND_POLLS == 0
                && let Err(error) = self.store.mend_copy_lanes().await
            {
                warn!(%error, "the lanes of waiting copies cannot be mended");
            }
            polls += 1;
            // A node without slots leaves all copies to others.
            while self.sizes.copies_max > 0
                && self.store.has_suspects(&self.claimer).await == Ok(true)
            {
                let insists = waited >= SUSPECT_POLLS;
                if !self.work_alone(insists).await {
                    // Room that was made for nothing is not made at each poll.
                    waited = if insists { 0 } else { waited + 1 };
                    break;
                }
                waited = 0;
            }
            self.pause(Duration::from_millis(POLL_MILLIS)).await;
        }
    }

    /// Runs a copy whose workers died, with nothing else on this node; whether there was one. Other
    /// copies are kept from starting here only if it `insists`, and until another node has taken it.
    async fn work_alone(&mut self, insists: bool) -> bool {
        let company = Arc::clone(&self.company);
        let _alone = match company.try_write() {
            Ok(alone) => alone,
            Err(_) if !insists => return false,
            Err(_) => {
                let waiting = company.write();
                tokio::pin!(waiting);
                loop {
                    tokio::select! {
                        alone = &mut waiting => break alone,
                        _ = self.watch.next() => return false,
                        () = sleep(Duration::from_millis(POLL_MILLIS)) => {
                            if self.store.has_suspects(&self.claimer).await != Ok(true) {
                                return false;
                            }
                        }
                    }
                }
            }
        };
        match copy::claim_suspect(&self.store, &self.claimer).await {
            Ok(Some(copy)) => {
                self.work_on(copy).await;
                true
            }
            Ok(None) => false,
            Err(error) => {
                warn!(%error, "a copy that must run alone cannot be claimed");
                false
            }
        }
    }

    /// Passes on what other nodes on the same database ring about.
    async fn listen(mut self) {
        let Some(mut wakes) = self.store.wakes() else {
            return;
        };
        while self.watch.now() == Phase::Running {
            tokio::select! {
                () = wakes.next() => self.service.world().copy_accepted.notify_one(),
                _ = self.watch.next() => {}
            }
        }
    }

    /// The slots of a node share its polls, at moments that chance spreads.
    fn poll(&self) -> Duration {
        let all = POLL_MILLIS.saturating_mul(self.sizes.copies_max as u64);
        Duration::from_millis(all / 2 + clock::chance() % all)
    }

    async fn work_on(&mut self, copy: Copy) {
        let started = clock::instant();
        self.metrics.copy_takeovers.inc_by(self.claimer.takeovers());
        self.metrics.copies_running.inc();
        let outcome = self.hold(&copy).await;
        self.metrics.copies_running.dec();
        self.metrics.worked(outcome);
        info!(
            copy = copy.token.as_str(),
            account = copy.caller.account.as_str(),
            region = copy.caller.region.as_str(),
            attempt = copy.attempts,
            outcome = outcome.as_str(),
            micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
            "copy"
        );
    }

    async fn hold(&mut self, copy: &Copy) -> Outcome {
        let fence = Fence::of(copy);
        let (service, store, driven) = (self.service.clone(), self.store.clone(), copy.clone());
        let chance = clock::chance();
        // A task of its own, so that a panic ends this try and nothing else.
        let mut drive =
            tokio::spawn(async move { copy::drive(service.world(), &store, driven, chance).await });
        loop {
            let mut watch = self.watch.clone();
            tokio::select! {
                ended = &mut drive => return self.ended(copy, ended.map_err(Into::into)).await,
                // It may wait for this very copy's transaction, which must not keep us from stopping.
                renewed = self.renew(&fence) => match renewed {
                    Ok(Fenced::Stale) => return self.lost(copy, drive).await,
                    Ok(Fenced::Written) => {}
                    // The store may come back before the lease ends; if not, the fence decides.
                    Err(error) => warn!(%error, copy = copy.token.as_str(), "no heartbeat"),
                },
                () = watch.stopped() => {
                    drive.abort();
                    match lease::give_back(&self.store, &fence).await {
                        Ok(_) => self.store.ring_now().await,
                        Err(error) => {
                            warn!(%error, copy = copy.token.as_str(), "the copy is left to its lease");
                        }
                    }
                    return Outcome::GivenBack;
                }
            }
        }
    }

    async fn renew(&self, fence: &Fence) -> Result<Fenced, StoreError> {
        sleep(HEARTBEAT).await;
        lease::renew(&self.store, fence).await
    }

    async fn ended(
        &self,
        copy: &Copy,
        ended: Result<Result<Ending, StoreError>, Ended>,
    ) -> Outcome {
        let token = copy.token.as_str();
        let outcome = match ended {
            Ok(Ok(Ending::Succeeded)) => return Outcome::Succeeded,
            Ok(Ok(Ending::Failed(detail))) => {
                info!(copy = token, %detail, "the copy failed");
                return Outcome::Failed;
            }
            Ok(Ok(Ending::Postponed(reason))) => {
                warn!(copy = token, reason, "the copy is tried again later");
                return Outcome::Postponed;
            }
            Ok(Ok(Ending::Stale | Ending::Crashed)) => return Outcome::Stale,
            Ok(Err(error)) => {
                warn!(copy = token, %error, "the store did not take a step of the copy");
                // Away, or too full even to note a failed try: the copy is not to blame.
                if matches!(
                    error,
                    StoreError::Unavailable | StoreError::Unknown | StoreError::Full
                ) {
                    return self.give_back_when_it_is_there(copy).await;
                }
                Outcome::Broken
            }
            Err(Ended(reason)) => {
                error!(copy = token, reason, "a try of the copy broke");
                Outcome::Panicked
            }
        };
        // At best it is postponed as a failed try; if the store is away, the lease runs out.
        if let Err(error) = lease::put_off(&self.store, copy, clock::chance()).await {
            warn!(copy = token, %error, "the copy is left to its lease");
        }
        outcome
    }

    /// The database went away, which is no fault of the copy: when it is back this try is taken back,
    /// unless the copy is final or somebody else's by then.
    async fn give_back_when_it_is_there(&self, copy: &Copy) -> Outcome {
        let fence = Fence::of(copy);
        let mut watch = self.watch.clone();
        loop {
            match lease::give_back(&self.store, &fence).await {
                Ok(Fenced::Written) => return Outcome::GivenBack,
                Ok(Fenced::Stale) => return Outcome::Stale,
                Err(error) => {
                    tracing::debug!(%error, copy = copy.token.as_str(), "not given back yet");
                }
            }
            tokio::select! {
                () = sleep(LET_GO_PAUSE) => {}
                () = watch.stopped() => return Outcome::Broken,
            }
        }
    }

    /// The lease is gone: the copy is final, perhaps by this very try, or somebody else's.
    async fn lost(&self, copy: &Copy, mut drive: Driving) -> Outcome {
        if let Ok(ended) = timeout(NOTICE, &mut drive).await {
            return self.ended(copy, ended.map_err(Into::into)).await;
        }
        drive.abort();
        Outcome::Stale
    }
}

type Driving = JoinHandle<Result<Ending, StoreError>>;

/// Why a task ended without a result.
struct Ended(String);

impl From<tokio::task::JoinError> for Ended {
    fn from(error: tokio::task::JoinError) -> Self {
        let panic = error.try_into_panic().ok();
        let text = panic.and_then(|panic| match panic.downcast::<String>() {
            Ok(text) => Some(*text),
            Err(panic) => panic.downcast::<&str>().ok().map(|text| (*text).to_owned()),
        });
        Self(text.unwrap_or_else(|| "no words".to_owned()))
    }
}

#[cfg(test)]
mod tests;
