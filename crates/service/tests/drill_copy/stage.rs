//! The stage: who copies what, gates that stop a worker, and leases that run out when told.

use std::collections::BTreeMap;
use std::sync::{Mutex, mpsc};
use std::thread;

use mimeo_domain::RegionName;
use mimeo_domain::copying::Copy;
use mimeo_service::Directory;
use mimeo_service::workflows::copy::Ending;
use mimeo_service::workflows::{Gate, Point, Verdict};
use mimeo_store::{Location, Options, Store, StoreError, Tx, Work};
use mimeo_testkit::{Account, Portfolio, Product, World, id_of};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::mpsc as signals;

/// The points that a copy which succeeds goes through, in order.
pub(crate) static WAY: [Point; 6] = [
    Point::ReadSource,
    Point::StorePlan,
    Point::PlanStored,
    Point::VerifyTemplates,
    Point::Land,
    Point::Landed,
];

/// The points at which the target catalogue is still untouched.
pub(crate) static BEFORE_LANDING: &[Point] = WAY.split_at(5).0;

/// The points that one try after another comes by, if each is stopped there.
pub(crate) const EACH_TRY: [Point; 4] = [
    Point::ReadSource,
    Point::StorePlan,
    Point::VerifyTemplates,
    Point::Land,
];

/// The points that a try still comes by, after an earlier one came to `point`.
pub(crate) fn ahead_of(point: Point) -> &'static [Point] {
    match point {
        Point::ReadSource | Point::StorePlan => &WAY,
        _ => WAY.split_at(3).1,
    }
}

/// A hub shares a product of three versions with a spoke.
pub(crate) struct Stage {
    pub world: World,
    pub hub: Account,
    pub spoke: Account,
    pub vpc: Product,
    pub golden: Portfolio,
}

impl Stage {
    pub(crate) async fn on(world: World) -> Self {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        Self::of(world, hub, spoke).await
    }

    /// The hub's Region is in another store than the spoke's.
    pub(crate) async fn apart(world: World) -> Self {
        let far = Store::open(&Location::SqliteMemory, Options::default()).await;
        let region = |name: &str| name.parse::<RegionName>().expect("a Region");
        let world = world.with(|world| {
            let near = world.directory.stores().remove(0);
            world.directory = Directory::Regions(BTreeMap::from([
                (region("us-east-1"), near),
                (region("eu-west-1"), far.expect("a fresh store opens")),
            ]));
        });
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        Self::of(world, hub.in_region("eu-west-1"), spoke).await
    }

    async fn of(world: World, hub: Account, spoke: Account) -> Self {
        let vpc = hub.product("vpc").await.versions(3).await;
        let second = vpc.version_ids().await.remove(1);
        let members = json!({"Active": false, "Guidance": "DEPRECATED"});
        vpc.update_version(&second, members).await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let golden = golden.shared_with(&spoke).await;
        Self {
            world,
            hub,
            spoke,
            vpc,
            golden,
        }
    }

    /// On every engine, with both Regions in one store, and in two.
    pub(crate) async fn everywhere() -> Vec<Self> {
        let mut stages = Vec::new();
        for world in World::on_each_engine().await {
            stages.push(Self::on(world).await);
        }
        for world in World::on_each_engine().await {
            stages.push(Self::apart(world).await);
        }
        stages
    }

    /// Where the copies are.
    pub(crate) fn store(&self) -> Store {
        let region = self.spoke.region().parse().expect("a Region");
        let directory = &self.world.service().world().directory;
        directory.store(&region).expect("the spoke's store").clone()
    }

    /// A second server on the same stores, whose workers meet this gate.
    pub(crate) fn node(&self, gate: Gate) -> World {
        self.world.with(|world| world.gate = Some(gate))
    }

    /// The leases of all who hold a copy run out.
    pub(crate) async fn leases_run_out(&self) {
        self.execute("UPDATE copy SET due = 0 WHERE state = 'RUNNING'")
            .await;
        self.execute("UPDATE copy_lane SET due = 0").await;
    }

    pub(crate) async fn execute(&self, sql: &'static str) {
        self.store().write(Execute(sql)).await.expect(sql);
    }

    /// The status and, if there is one, the target product of a copy.
    pub(crate) async fn status(&self, token: &str) -> (String, Option<Product>) {
        let told = self.spoke.copy_status(token).await;
        let target = told["TargetProductId"].as_str().map(|id| Product {
            owner: self.spoke.clone(),
            id: id.to_owned(),
            arn: self.vpc.arn.clone(),
            name: self.vpc.name.clone(),
        });
        (id_of(&told, "/CopyProductStatus"), target)
    }

    /// States that the copy succeeded and its target is like the source.
    pub(crate) async fn succeeded(&self, token: &str) {
        let (status, target) = self.status(token).await;
        assert_eq!(status, "SUCCEEDED");
        let target = target.expect("a copy that succeeded has a target");
        assert_eq!(contents(&target).await, contents(&self.vpc).await);
    }

    /// The code under which a copy failed.
    pub(crate) fn code(ending: &Ending) -> &'static str {
        match ending {
            Ending::Failed(detail) => detail.code(),
            other => panic!("did not fail: {other:?}"),
        }
    }
}

/// What must be equal in source and target: versions in order, with the digests of their templates.
pub(crate) async fn contents(product: &Product) -> Vec<Value> {
    let mut contents = Vec::new();
    for version in product.listed_versions().await {
        let input = json!({
            "ProductId": product.id,
            "ProvisioningArtifactId": version["Id"],
            "Verbose": true,
        });
        let told = product
            .owner
            .does("DescribeProvisioningArtifact", input)
            .await;
        let digest = id_of(&told, "/Info/TemplateDigest");
        let told = |name: &str| version[name].clone();
        contents.push(json!([
            told("Name"),
            told("Description"),
            told("Type"),
            told("Active"),
            told("Guidance"),
            digest
        ]));
    }
    contents
}

/// Answers each point in this order once, and lets all others pass.
pub(crate) fn script(script: &[(Point, Verdict)]) -> Gate {
    let left = Mutex::new(script.iter().rev().copied().collect::<Vec<_>>());
    Gate::new(move |at| {
        let mut left = left.lock().expect("no panic");
        match left.last() {
            Some((point, verdict)) if *point == at => {
                let verdict = *verdict;
                left.pop();
                verdict
            }
            _ => Verdict::Pass,
        }
    })
}

/// Answers one point always in this way.
pub(crate) fn always(point: Point, verdict: Verdict) -> Gate {
    Gate::new(move |at| if at == point { verdict } else { Verdict::Pass })
}

/// A worker that stands still at a point.
pub(crate) struct Paused {
    go: mpsc::Sender<()>,
    thread: thread::JoinHandle<Ending>,
}

impl Paused {
    /// Lets the worker work on `copy` until it comes to `point`, and answers while it stands there.
    pub(crate) async fn at(stage: &Stage, copy: Copy, point: Point) -> Self {
        let (go, wait) = mpsc::channel();
        let (reach, mut reached) = signals::channel(1);
        let wait = Mutex::new(wait);
        let node = stage.node(Gate::new(move |at| {
            if at == point && reach.try_send(()).is_ok() {
                let woken = wait.lock().expect("no panic").recv();
                woken.expect("the drill wakes everybody");
            }
            Verdict::Pass
        }));
        let (store, runtime) = (stage.store(), Handle::current());
        let thread = thread::spawn(move || runtime.block_on(node.drives((store, copy))));
        reached.recv().await.expect("the worker comes by the point");
        // Later passes of the point are not to stop.
        reached.close();
        Self { go, thread }
    }

    /// Lets the worker go on to its end.
    pub(crate) async fn wakes(self) -> Ending {
        self.go.send(()).expect("the worker waits");
        tokio::task::spawn_blocking(|| self.thread.join().expect("no panic"))
            .await
            .expect("no panic")
    }
}

pub(crate) struct Execute(pub &'static str);

impl Work for Execute {
    type Output = u64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        tx.execute(self.0, &[]).await
    }
}
