//! Nodes on one store: how a copy that must run alone gets one, and what a node without slots leaves
//! to others.

use std::sync::mpsc;

use mimeo_service::copies::view::CopyDetail;
use mimeo_service::workflows::{Gate, Point, Verdict};
use mimeo_store::{Tx, Work};
use mimeo_testkit::{Account, Product, World};
use tokio::sync::{Notify, mpsc as signals, watch};
use tokio::task::block_in_place;
use tokio::time::Instant;

use super::*;
use crate::phase::phases;

/// Nothing here takes as long, on the busiest machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// More copies than any story has.
const BEGUN_MAX: usize = 16;

/// A hub shares a product with a spoke, and nobody works on copies yet.
struct Stage {
    world: World,
    store: Store,
    hub: Account,
    spoke: Account,
    vpc: Product,
}

impl Stage {
    async fn new() -> Self {
        let world = World::new().await;
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        golden.shared_with(&spoke).await;
        let store = world.service().world().directory.stores().remove(0);
        Self {
            world,
            store,
            hub,
            spoke,
            vpc,
        }
    }

    /// A copy that any slot may run; the nodes that hear of copies are told.
    async fn copy(&self) -> String {
        self.spoke.copies(&self.vpc).await
    }

    /// A copy with which two workers died, which is not due yet.
    async fn suspect(&self) -> String {
        let token = self.copy().await;
        self.set(&token, "attempts = 2, due = 9999999999999").await;
        token
    }

    async fn becomes_due(&self, token: &str) {
        self.set(token, "due = 0").await;
    }

    async fn set(&self, token: &str, columns: &str) {
        let sql = format!("UPDATE copy SET {columns} WHERE token = '{token}'");
        assert_eq!(self.execute(sql).await, 1);
    }

    async fn execute(&self, sql: String) -> u64 {
        let executed = self.store.write(Execute(sql.leak())).await;
        executed.expect("a statement of the test's own")
    }

    async fn see(&self, token: &str) -> CopyDetail {
        let (service, caller) = (self.world.service(), self.spoke.caller());
        let seen = service.describe_copy(&caller, &token.into()).await;
        seen.expect("a copy")
    }

    async fn state(&self, token: &str) -> (&'static str, u32) {
        let summary = self.see(token).await.summary;
        (summary.state, summary.attempts)
    }

    async fn succeeds(&self, token: &str) {
        until("it succeeds", async || {
            self.state(token).await.0 == "SUCCEEDED"
        })
        .await;
    }

    /// The lane of the hub's copy is gone: whoever looks around next makes it anew.
    async fn lane_is_lost(&self) {
        let whose = format!("copy_lane WHERE account = '{}'", self.hub.id());
        assert_eq!(self.execute(format!("DELETE FROM {whose}")).await, 1);
    }

    async fn somebody_looks_around(&self) {
        let touch = format!(
            "UPDATE copy_lane SET due = due WHERE account = '{}'",
            self.hub.id()
        );
        until("the lane is made", async || {
            self.execute(touch.clone()).await == 1
        })
        .await;
    }

    /// A node that hears of copies as soon as they are accepted.
    fn node(&self, copies_max: usize) -> Node {
        Node::of(&self.world, &self.store, copies_max)
    }

    /// A node that finds copies by its own polls only.
    fn deaf_node(&self, copies_max: usize) -> Node {
        let world = self
            .world
            .with(|world| world.copy_accepted = Arc::new(Notify::new()));
        Node::of(&world, &self.store, copies_max)
    }
}

struct Execute(&'static str);

impl Work for Execute {
    type Output = u64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        tx.execute(self.0, &[]).await
    }
}

/// Workers each of whose copies stands still at its begin until it is told to go on. They end with it.
struct Node {
    begun: signals::Receiver<Begun>,
    company: Arc<RwLock<()>>,
    _phase: watch::Sender<Phase>,
    _workers: JoinSet<()>,
}

/// A copy that stands still at its begin.
#[derive(Debug)]
struct Begun(mpsc::Sender<()>);

impl Begun {
    fn goes_on(self) {
        self.0.send(()).expect("it waits");
    }
}

impl Node {
    fn of(world: &World, store: &Store, copies_max: usize) -> Self {
        let (tell, begun) = signals::channel(BEGUN_MAX);
        let gate = Gate::new(move |point| {
            if point == Point::ReadSource {
                let (go, wait) = mpsc::channel();
                // Whoever dropped either end has ended the test.
                let _ = tell.try_send(Begun(go));
                let _ = block_in_place(|| wait.recv());
            }
            Verdict::Pass
        });
        let (phase, watch) = phases();
        let company = Arc::new(RwLock::new(()));
        let workers = Workers {
            service: world
                .with(|world| world.gate = Some(gate))
                .service()
                .clone(),
            store: store.clone(),
            claimer: Claimer::new(9),
            metrics: Arc::new(Metrics::new()),
            sizes: config::Workers {
                copies_max,
                copies_per_account_max: 9,
            },
            watch,
            company: Arc::clone(&company),
        };
        let mut running = JoinSet::new();
        running.spawn(workers.run());
        Self {
            begun,
            company,
            _phase: phase,
            _workers: running,
        }
    }

    /// Waits until a copy begins here.
    async fn begins(&mut self) -> Begun {
        let begun = timeout(PATIENCE, self.begun.recv()).await;
        begun.expect("a copy begins").expect("the node runs")
    }

    /// Whether no copy began here since the last that was waited for.
    fn begins_nothing(&self) -> bool {
        self.begun.is_empty()
    }

    /// Waits until this node keeps ordinary copies from starting.
    async fn makes_room(&self) {
        until("room is made", async || self.company.try_read().is_err()).await;
    }
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect(what);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_must_run_alone_has_an_idle_node_for_itself() {
    let stage = Stage::new().await;
    let suspect = stage.suspect().await;
    let mut node = stage.node(4);
    stage.becomes_due(&suspect).await;
    let alone = node.begins().await;
    assert_eq!(stage.state(&suspect).await, ("RUNNING", 3));
    let mut other_node = stage.deaf_node(1);
    let [first, second] = [stage.copy().await, stage.copy().await];
    // This node was told of both at once, the other one has to come across them.
    let elsewhere = other_node.begins().await;
    // Of two that were accepted in one millisecond either is first.
    let (there, left) = match stage.state(&first).await {
        ("RUNNING", 1) => (first, second),
        _ => (second, first),
    };
    assert_eq!(stage.state(&there).await, ("RUNNING", 1));
    assert_eq!(stage.state(&left).await, ("QUEUED", 0));
    assert!(node.begins_nothing(), "beside a copy that must run alone");
    alone.goes_on();
    stage.succeeds(&suspect).await;
    node.begins().await.goes_on();
    stage.succeeds(&left).await;
    assert_eq!(stage.state(&there).await, ("RUNNING", 1), "on the other");
    elsewhere.goes_on();
    stage.succeeds(&there).await;
}

/// A node of two slots with a copy that does not end, and a suspect for which it has made room.
async fn made_room(stage: &Stage) -> (Node, Begun, String) {
    let suspect = stage.suspect().await;
    let mut node = stage.node(2);
    stage.copy().await;
    let endless = node.begins().await;
    let due = Instant::now();
    stage.becomes_due(&suspect).await;
    let beside = stage.copy().await;
    node.begins().await.goes_on();
    stage.succeeds(&beside).await;
    assert_eq!(stage.state(&suspect).await, ("QUEUED", 2), "it waits");
    node.makes_room().await;
    let waited = Duration::from_millis(POLL_MILLIS) * SUSPECT_POLLS;
    assert!(due.elapsed() >= waited, "after {:?}", due.elapsed());
    (node, endless, suspect)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_node_goes_on_for_some_polls_and_then_makes_room() {
    let stage = Stage::new().await;
    let (mut node, endless, suspect) = made_room(&stage).await;
    let late = stage.copy().await;
    endless.goes_on();
    let alone = node.begins().await;
    assert_eq!(stage.state(&suspect).await, ("RUNNING", 3));
    assert_eq!(stage.state(&late).await, ("QUEUED", 0), "it came later");
    alone.goes_on();
    node.begins().await.goes_on();
    stage.succeeds(&suspect).await;
    stage.succeeds(&late).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_made_room_goes_on_once_another_has_taken_the_copy() {
    let stage = Stage::new().await;
    let (mut node, endless, suspect) = made_room(&stage).await;
    let late = stage.copy().await;
    let taken = copy::claim_suspect(&stage.store, &Claimer::new(9)).await;
    let taken = taken.expect("a claim").expect("the suspect");
    assert_eq!(taken.token.as_str(), suspect);
    node.begins().await.goes_on();
    stage.succeeds(&late).await;
    assert_eq!(stage.state(&suspect).await, ("RUNNING", 3), "on the other");
    stage.world.drives((stage.store.clone(), taken)).await;
    stage.succeeds(&suspect).await;
    endless.goes_on();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_without_slots_leaves_every_copy_to_others() {
    let stage = Stage::new().await;
    let own = stage.hub.copies(&stage.vpc).await;
    stage.set(&own, "due = 9999999999999").await;
    let (ordinary, suspect) = (stage.copy().await, stage.suspect().await);
    stage.becomes_due(&suspect).await;
    stage.lane_is_lost().await;
    let without = stage.node(0);
    stage.somebody_looks_around().await;
    stage.lane_is_lost().await;
    stage.somebody_looks_around().await;
    // Between the two it has had time for suspects, at each poll.
    assert_eq!(stage.state(&ordinary).await, ("QUEUED", 0));
    assert_eq!(stage.state(&suspect).await, ("QUEUED", 2));
    let mut other_node = stage.deaf_node(1);
    for _ in 0..2 {
        other_node.begins().await.goes_on();
    }
    stage.succeeds(&ordinary).await;
    stage.succeeds(&suspect).await;
    assert!(without.begins_nothing());
}
