//! A copy that is accepted while its account's lane goes to rest, on PostgreSQL: whichever of the two
//! commits first, the copy can be claimed at once.

use std::time::Duration;

use mimeo_domain::copying::Copy;
use mimeo_store::testing::{administer, postgres_url};
use mimeo_store::{Level, Location, MIGRATIONS, Options, Store, StoreError, Tx, Work};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::cast::*;

/// Nothing here takes as long; a statement that is unanswered for longer fails by itself.
const PATIENCE: Duration = Duration::from_secs(9);

/// When whoever puts a lane to rest, or removes it, stands still until it is let go.
#[derive(Debug, Clone, Copy)]
enum Stands {
    /// It has read that there is nothing to claim, and has not written that yet.
    Before,
    /// It has written, and not committed.
    After,
}

/// Of all statements on lanes, only the one that puts a lane to rest sets when to look again.
const STAND_STILL: &str = "CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared(17); RETURN NULL; END $$;
    CREATE TRIGGER stand_still {when} UPDATE OF due OR DELETE ON copy_lane
    FOR EACH STATEMENT EXECUTE FUNCTION stand_still()";

/// Why a lane has nothing to claim.
#[derive(Debug, Clone, Copy)]
enum Idle {
    /// Its only copy runs: it is put to rest.
    Runs,
    /// Its only copy has ended: it is removed.
    Ended,
}

/// How a copy is accepted: as CopyProduct does, and as a retry.
#[derive(Debug, Clone, Copy)]
enum How {
    RowLocks,
    Serializable,
}

async fn accepts(store: &Store, how: How) -> Result<(), StoreError> {
    match how {
        How::RowLocks => store.write(Accept).await,
        How::Serializable => {
            write(store, (), |tx, ()| {
                Box::pin(async move { Accept.run(tx).await })
            })
            .await
        }
    }
}

struct Accept;

impl Work for Accept {
    type Output = ();
    type Error = StoreError;
    const LEVEL: Level = Level::RowLocks;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.join_lane(&scope(SPOKE)).await?;
        tx.insert_copy(&copy(SPOKE, "copyproduct-new")).await
    }
}

/// Keeps others standing still until it is told to let them go.
struct Hold {
    holds: Option<oneshot::Sender<()>>,
    let_go: oneshot::Receiver<()>,
}

impl Work for Hold {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let lock = "SELECT 1 FROM pg_advisory_xact_lock(17)";
        tx.query(lock, &[], |_| ()).await?;
        if let Some(holds) = self.holds.take() {
            holds.send(()).expect("the test waits");
        }
        (&mut self.let_go).await.expect("the test lets go");
        Ok(())
    }
}

/// A lane that is about to go to rest.
struct Crossing {
    url: String,
    store: Store,
    rest: JoinHandle<Option<Copy>>,
    let_go: oneshot::Sender<()>,
}

impl Crossing {
    async fn of(idle: Idle, stands: Stands) -> Option<Self> {
        let url = postgres_url(MIGRATIONS).await?;
        let when = match stands {
            Stands::Before => "BEFORE",
            Stands::After => "AFTER",
        };
        administer(&url, &STAND_STILL.replace("{when}", when)).await;
        let location = Location::Postgres(url.clone());
        let store = Store::open(&location, Options::default()).await;
        let store = store.expect("it opens");
        insert_copy(&store, SPOKE, "copyproduct-old").await;
        let old = claim(&store, 9).await.expect("it is due");
        if matches!(idle, Idle::Ended) {
            finish(&store, &old).await;
        }
        let (holds, is_held) = oneshot::channel();
        let (let_go, wait) = oneshot::channel();
        let hold = Hold {
            holds: Some(holds),
            let_go: wait,
        };
        let holder = store.clone();
        tokio::spawn(async move { holder.write(hold).await.expect("it holds") });
        is_held.await.expect("it holds");
        let claimer = store.clone();
        let rest = tokio::spawn(async move { claim(&claimer, 9).await });
        let crossing = Self {
            url,
            store,
            rest,
            let_go,
        };
        crossing.somebody_waits_for("advisory").await;
        Some(crossing)
    }

    async fn somebody_waits_for(&self, what: &str) {
        let waits = format!(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = '{what}'"
        );
        let waiting = async {
            while administer(&self.url, &waits).await.is_empty() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, waiting).await.expect(what);
    }

    /// Lets the lane go to rest, if it still wants to.
    async fn goes_on(self) -> Store {
        self.let_go.send(()).expect("somebody holds it");
        let claimed = self.rest.await.expect("no panic");
        assert_eq!(claimed, None, "the old copy is no longer there to claim");
        self.store
    }
}

const IDLE: [Idle; 2] = [Idle::Runs, Idle::Ended];
const HOW: [How; 2] = [How::RowLocks, How::Serializable];

async fn is_claimed_at_once(store: &Store, told: &str) {
    let claimed = claim(store, 9).await.map(|copy| copy.token.to_string());
    assert_eq!(claimed.as_deref(), Some("copyproduct-new"), "{told}");
}

#[tokio::test]
async fn a_rest_that_has_not_seen_a_new_copy_is_undone() {
    for (idle, how) in IDLE.into_iter().flat_map(|idle| HOW.map(|how| (idle, how))) {
        let Some(crossing) = Crossing::of(idle, Stands::Before).await else {
            return;
        };
        let accepted = timeout(PATIENCE, accepts(&crossing.store, how)).await;
        assert_eq!(accepted, Ok(Ok(())), "nothing keeps it: {idle:?}, {how:?}");
        let store = crossing.goes_on().await;
        is_claimed_at_once(&store, &format!("{idle:?}, {how:?}")).await;
    }
}

#[tokio::test]
async fn a_new_copy_wakes_the_lane_that_just_went_to_rest() {
    for (idle, how) in IDLE.into_iter().flat_map(|idle| HOW.map(|how| (idle, how))) {
        let Some(crossing) = Crossing::of(idle, Stands::After).await else {
            return;
        };
        let store = crossing.store.clone();
        let accepting = tokio::spawn(async move { accepts(&store, how).await });
        crossing.somebody_waits_for("transactionid").await;
        let store = crossing.goes_on().await;
        let accepted = accepting.await.expect("no panic");
        assert_eq!(accepted, Ok(()), "{idle:?}, {how:?}");
        is_claimed_at_once(&store, &format!("{idle:?}, {how:?}")).await;
    }
}
