//! Templates that have to come from elsewhere: what moves, what is wrong, and what is cut off.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use mimeo_domain::Caller;
use mimeo_domain::arn::ProductArn;
use mimeo_domain::artifacts::{self, Artifact, ArtifactType, Guidance, Lineage, Origin};
use mimeo_domain::copying::PlannedArtifact;
use mimeo_domain::products::{self, Product, ProductType};
use mimeo_service::workflows::copy::Ending;
use mimeo_service::workflows::{Point, Verdict};
use mimeo_service::{Asking, Digests, SeenSource, Shelves, Source, SourceError};
use mimeo_store::{Store, StoreError, Tx, Work};
use mimeo_templates::shelf::{Body, Digest, Shelf, Verdict as Kept};
use mimeo_testkit::{Account, World};

use crate::slate::assert_clean_slate;
use crate::stage::{Execute, Stage, contents, script};

const WRONG: &[u8] = b"Resources: {} # not what was planned";

/// How one question for a template is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answered {
    Well,
    /// Other bytes, as many as was said.
    Wrong,
    /// Fewer bytes than was said, and a clean end.
    Short,
    /// More bytes than was said.
    Long,
    /// Broken off after some bytes.
    Cut,
    /// A length that no body has.
    Huge,
    Away,
    Missing,
    /// Some bytes, and then nothing, for ever.
    Silent,
}

/// A Region elsewhere, with one product.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    product: Product,
    bodies: Vec<Bytes>,
    digests: Digests,
    /// What happens first; after that all goes well.
    script: Mutex<VecDeque<Answered>>,
    asked: Mutex<u32>,
    pub sees: Mutex<bool>,
    /// Whether a look at the product is answered by nothing, for ever.
    is_deaf: Mutex<bool>,
}

impl Elsewhere {
    fn artifacts(&self) -> Vec<Artifact> {
        let versions = self.bodies.iter().enumerate();
        let made = versions.map(|(number, body)| Artifact {
            id: format!("pa-{number:013}").as_str().into(),
            product: self.product.id.clone(),
            details: artifacts::Details {
                name: Some(format!("v{number}")),
                description: None,
            },
            artifact_type: ArtifactType::CloudFormationTemplate,
            active: true,
            guidance: Guidance::Default,
            origin: Origin::Url("https://far.example/vpc.yaml".into()),
            digest: match self.digests {
                Digests::Known => Some(Digest::of(body).to_string()),
                Digests::ToBeRead => None,
            },
            lineage: Lineage::Later,
            created: self.product.created,
        });
        made.collect()
    }

    fn body(&self, artifact: &PlannedArtifact) -> Result<Option<Body>, SourceError> {
        *self.asked.lock().unwrap() += 1;
        let number: usize = artifact.source.as_str()["pa-".len()..].parse().unwrap();
        let body = self.bodies[number].clone();
        let said = |bytes: usize, pieces: Vec<io::Result<Bytes>>| {
            Ok(Some(Body::new(Some(bytes as u64), stream::iter(pieces))))
        };
        let whole = body.len();
        let answered = self.script.lock().unwrap().pop_front();
        match answered.unwrap_or(Answered::Well) {
            Answered::Well => {
                let (first, second) = (body.slice(..5), body.slice(5..));
                said(whole, vec![Ok(first), Ok(second)])
            }
            Answered::Wrong => said(WRONG.len(), vec![Ok(Bytes::from_static(WRONG))]),
            Answered::Short => said(whole, vec![Ok(body.slice(..5))]),
            Answered::Long => said(whole, vec![Ok(body.clone()), Ok(body)]),
            Answered::Cut => said(
                whole,
                vec![
                    Ok(body.slice(..5)),
                    Err(io::ErrorKind::ConnectionReset.into()),
                ],
            ),
            Answered::Huge => said(usize::MAX, vec![Ok(body)]),
            Answered::Away => Err(SourceError::Away("503 SlowDown".into())),
            Answered::Missing => Ok(None),
            Answered::Silent => {
                let pieces = stream::iter([Ok(body.slice(..5))]).chain(stream::pending());
                Ok(Some(Body::new(Some(whole as u64), pieces)))
            }
        }
    }
}

impl Source for Elsewhere {
    fn look<'a>(&'a self, _: &'a Caller, _: &'a ProductArn) -> Asking<'a, Option<SeenSource>> {
        Box::pin(async move {
            if *self.is_deaf.lock().unwrap() {
                std::future::pending::<()>().await;
            }
            let seen = SeenSource {
                product: self.product.clone(),
                artifacts: self.artifacts(),
                digests: self.digests,
            };
            Ok(Some(seen))
        })
    }

    fn sees<'a>(&'a self, _: &'a Caller, _: &'a ProductArn) -> Asking<'a, bool> {
        Box::pin(async move { Ok(*self.sees.lock().unwrap()) })
    }

    fn template<'a>(
        &'a self,
        _: &'a Caller,
        _: &'a ProductArn,
        artifact: &'a PlannedArtifact,
    ) -> Asking<'a, Option<Body>> {
        Box::pin(async move { self.body(artifact) })
    }
}

/// A spoke here, and a product that another server holds.
pub(crate) struct Far {
    pub world: World,
    pub spoke: Account,
    pub source: Arc<Elsewhere>,
    pub vpc: mimeo_testkit::Product,
}

impl Far {
    async fn of(digests: Digests, bodies: &[&'static str]) -> Self {
        Self::on(&World::new().await, digests, bodies)
    }

    pub(crate) fn on(world: &World, digests: Digests, bodies: &[&'static str]) -> Self {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let hub = hub.in_region("eu-west-1");
        let caller = hub.caller();
        let source = Arc::new(Elsewhere {
            product: Product {
                id: "prod-farfarfarfar1".into(),
                account: caller.account.clone(),
                region: caller.region.clone(),
                product_type: ProductType::CloudFormationTemplate,
                details: products::Details {
                    name: "vpc".into(),
                    owner: "hub".into(),
                    ..products::Details::default()
                },
                tags: Vec::new(),
                created: world.now(),
            },
            bodies: bodies
                .iter()
                .map(|body| Bytes::from_static(body.as_bytes()))
                .collect(),
            digests,
            script: Mutex::default(),
            asked: Mutex::default(),
            sees: Mutex::new(true),
            is_deaf: Mutex::default(),
        });
        let world = world.with(|world| {
            let peer: Arc<dyn Source> = source.clone();
            world.peers.insert(caller.region.clone(), peer);
        });
        let vpc = mimeo_testkit::Product {
            arn: format!(
                "arn:aws:catalog:eu-west-1:{}:product/prod-farfarfarfar1",
                caller.account
            ),
            owner: hub,
            id: "prod-farfarfarfar1".into(),
            name: "vpc".into(),
        };
        let spoke = spoke.served_by(&world);
        Self {
            world,
            spoke,
            source,
            vpc,
        }
    }

    fn answers(&self, script: &[Answered]) {
        *self.source.script.lock().unwrap() = script.iter().copied().collect();
        *self.source.asked.lock().unwrap() = 0;
    }

    fn asked_count(&self) -> u32 {
        *self.source.asked.lock().unwrap()
    }

    fn shelf(&self) -> Shelf {
        let shelves = &self.world.service().world().shelves;
        shelves.of(&self.spoke.caller().region).clone()
    }

    async fn copies(&self) -> Vec<Ending> {
        self.spoke.copies(&self.vpc).await;
        self.world.settle().await
    }

    fn store(&self) -> Store {
        let stores = self.world.service().world().directory.stores();
        stores.into_iter().next().expect("a store")
    }

    async fn execute(&self, sql: &'static str) {
        self.store().write(Execute(sql)).await.expect(sql);
    }

    /// Tries that count, and failed ones, of the copy that there is.
    pub(crate) async fn counts(&self) -> (i64, i64) {
        self.store().read(Counts).await.expect("one copy")
    }

    /// States that each body is on the target's shelf.
    async fn has_all(&self) {
        for body in &self.source.bodies {
            let kept = self.shelf().verify(&Digest::of(body)).await.unwrap();
            assert_eq!(kept, Kept::Present { bytes: body.len() });
        }
    }
}

struct Counts;

impl Work for Counts {
    type Output = (i64, i64);
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(i64, i64), StoreError> {
        let sql = "SELECT attempts, failures FROM copy";
        let counts = tx
            .query_one(sql, &[], |row| (row.int(0), row.int(1)))
            .await?;
        Ok(counts.expect("a copy"))
    }
}

#[tokio::test]
async fn each_body_moves_once_and_only_what_is_absent_moves() {
    for digests in [Digests::Known, Digests::ToBeRead] {
        let far = Far::of(digests, &["Resources: {} # 1", "Resources: {} # 2"]).await;
        far.answers(&[]);
        assert_eq!(far.copies().await, [Ending::Succeeded], "{digests:?}");
        assert_eq!(far.asked_count(), 2, "{digests:?}");
        far.has_all().await;
        far.answers(&[]);
        assert_eq!(far.copies().await, [Ending::Succeeded], "{digests:?}");
        let again = match digests {
            Digests::Known => 0,
            Digests::ToBeRead => 2,
        };
        assert_eq!(far.asked_count(), again, "{digests:?}");
    }
}

#[tokio::test]
async fn versions_with_one_body_share_it() {
    let far = Far::of(Digests::Known, &["Resources: {}"; 7]).await;
    far.answers(&[]);
    assert_eq!(far.copies().await, [Ending::Succeeded]);
    assert_eq!(far.asked_count(), 1);
}

#[tokio::test]
async fn a_digest_that_was_read_is_that_of_the_landed_version() {
    let far = Far::of(
        Digests::ToBeRead,
        &["Resources: {} # 1", "Resources: {} # 2"],
    )
    .await;
    let target = far.spoke.has_copied(&far.vpc, serde_json::json!({})).await;
    let landed = contents(&target).await;
    let digests: Vec<_> = landed.iter().map(|version| version[5].clone()).collect();
    let bodies = far.source.bodies.iter();
    let expected: Vec<_> = bodies
        .map(|body| format!("sha256:{}", Digest::of(body)))
        .collect();
    assert_eq!(digests, expected);
}

#[tokio::test]
async fn a_wrong_body_is_read_once_more() {
    for answered in [
        Answered::Wrong,
        Answered::Short,
        Answered::Long,
        Answered::Huge,
    ] {
        let far = Far::of(Digests::Known, &["Resources: {}"]).await;
        far.answers(&[answered]);
        assert_eq!(far.copies().await, [Ending::Succeeded], "{answered:?}");
        assert_eq!(far.asked_count(), 2, "{answered:?}");
        far.has_all().await;
    }
}

#[tokio::test]
async fn a_body_that_stays_wrong_fails_the_copy_and_is_not_kept() {
    for answered in [
        Answered::Wrong,
        Answered::Short,
        Answered::Long,
        Answered::Huge,
    ] {
        let far = Far::of(Digests::Known, &["Resources: {}"]).await;
        far.answers(&[answered; 2]);
        let endings = far.copies().await;
        assert_eq!(endings.len(), 1, "{answered:?}");
        assert_eq!(
            Stage::code(&endings[0]),
            "CONTENT_VERIFICATION",
            "{answered:?}"
        );
        assert_eq!(far.asked_count(), 2, "{answered:?}");
        for body in [WRONG, b"Resources: {}", b"Resou"] {
            let kept = far.shelf().verify(&Digest::of(body)).await.unwrap();
            assert_eq!(kept, Kept::Absent, "{answered:?}");
        }
    }
}

#[tokio::test]
async fn a_body_of_unknown_digest_must_be_as_long_as_was_said() {
    for answered in [Answered::Short, Answered::Long, Answered::Huge] {
        let far = Far::of(Digests::ToBeRead, &["Resources: {}"]).await;
        far.answers(&[answered; 2]);
        let endings = far.copies().await;
        assert_eq!(
            Stage::code(&endings[0]),
            "CONTENT_VERIFICATION",
            "{answered:?}"
        );
    }
}

#[tokio::test]
async fn a_source_that_breaks_off_or_is_away_is_asked_again_later() {
    for answered in [Answered::Cut, Answered::Away] {
        let far = Far::of(Digests::Known, &["Resources: {}"]).await;
        far.answers(&[answered; 3]);
        let endings = far.copies().await;
        assert_eq!(endings.len(), 4, "{answered:?}");
        let postponed = |ending: &Ending| matches!(ending, Ending::Postponed(_));
        assert!(endings[..3].iter().all(postponed), "{endings:?}");
        assert_eq!(endings[3], Ending::Succeeded, "{answered:?}");
        far.has_all().await;
    }
}

/// Tries in which something outside is away: many more than a copy may fail.
const AWAY_COUNT: usize = 40;

#[tokio::test]
async fn a_source_that_comes_back_before_the_deadline_fails_no_copy_however_often_it_was_tried() {
    let far = Far::of(Digests::Known, &["Resources: {}"]).await;
    far.answers(&[Answered::Away; AWAY_COUNT]);
    let endings = far.copies().await;
    assert_eq!(endings.len(), AWAY_COUNT + 1);
    assert_eq!(endings.last(), Some(&Ending::Succeeded));
    assert_eq!(
        far.counts().await,
        (1, 0),
        "only the try that got through counts"
    );
}

#[tokio::test]
async fn a_source_that_is_away_at_the_deadline_is_named_as_the_cause() {
    let far = Far::of(Digests::Known, &["Resources: {}"]).await;
    far.answers(&[Answered::Away; 2]);
    far.spoke.copies(&far.vpc).await;
    let claimed = far.world.claims().await.expect("it is due");
    assert!(matches!(
        far.world.drives(claimed).await,
        Ending::Postponed(_)
    ));
    far.execute("UPDATE copy SET deadline = deadline - 3540000")
        .await;
    let endings = far.world.settle().await;
    assert_eq!(Stage::code(&endings[0]), "SOURCE_UNAVAILABLE");
}

#[tokio::test]
async fn a_try_that_is_not_done_at_the_deadline_ends_there() {
    let far = Far::of(Digests::Known, &["Resources: {}"]).await;
    far.answers(&[Answered::Silent]);
    far.spoke.copies(&far.vpc).await;
    far.execute("UPDATE copy SET deadline = deadline - 3598000")
        .await;
    let endings = far.world.settle().await;
    assert_eq!(endings.len(), 1, "{endings:?}");
    assert_eq!(Stage::code(&endings[0]), "DEADLINE");
}

#[tokio::test]
async fn a_source_that_is_not_read_by_the_deadline_is_named_as_the_cause() {
    let far = Far::of(Digests::Known, &["Resources: {}"]).await;
    far.spoke.copies(&far.vpc).await;
    *far.source.is_deaf.lock().unwrap() = true;
    far.execute("UPDATE copy SET deadline = deadline - 3598000")
        .await;
    let endings = far.world.settle().await;
    assert_eq!(endings.len(), 1, "{endings:?}");
    assert_eq!(Stage::code(&endings[0]), "SOURCE_UNAVAILABLE");
}

#[tokio::test]
async fn a_template_store_that_is_away_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (there, gone) = (folder.path().join("there"), folder.path().join("gone"));
    let shelf = Shelf::folder(&there).unwrap();
    let world = World::new()
        .await
        .with(|world| world.shelves = Shelves::common(shelf));
    let far = Far::on(&world, Digests::Known, &["Resources: {}"]);
    far.answers(&[]);
    std::fs::rename(&there, &gone).unwrap();
    std::fs::write(&there, "not a folder").unwrap();
    far.spoke.copies(&far.vpc).await;
    for _ in 0..AWAY_COUNT {
        let claimed = far.world.claims().await.expect("it is due");
        let ending = far.world.drives(claimed).await;
        assert!(matches!(ending, Ending::Postponed(_)), "{ending:?}");
    }
    std::fs::remove_file(&there).unwrap();
    std::fs::rename(&gone, &there).unwrap();
    assert_eq!(far.world.settle().await, [Ending::Succeeded]);
    assert_eq!(far.counts().await, (1, 0));
}

#[tokio::test]
async fn a_missing_template_is_the_sources_fault_only_while_it_is_seen() {
    for (sees, code) in [
        (true, "CONTENT_VERIFICATION"),
        (false, "SOURCE_ACCESS_REMOVED"),
    ] {
        let far = Far::of(Digests::Known, &["Resources: {}"]).await;
        far.answers(&[Answered::Missing; 2]);
        *far.source.sees.lock().unwrap() = sees;
        assert_eq!(Stage::code(&far.copies().await[0]), code);
    }
}

#[tokio::test]
async fn a_worker_that_dies_between_two_bodies_leaves_the_first_to_the_next() {
    let bodies = ["# 1", "# 2", "# 3", "# 4", "# 5", "# 6", "# 7", "# 8"].map(|name| {
        let text: &'static str = Box::leak(format!("Resources: {{}} {name}").into());
        text
    });
    for died_at in 0..bodies.len() {
        let far = Far::of(Digests::Known, &bodies).await;
        far.answers(&[]);
        let mut fate = vec![(Point::BringTemplate, Verdict::Pass); died_at];
        fate.push((Point::BringTemplate, Verdict::Crash));
        let dying = far.world.with(|world| world.gate = Some(script(&fate)));
        far.spoke.copies(&far.vpc).await;
        assert_eq!(dying.settle().await, [Ending::Crashed]);
        let before_count = far.asked_count();
        let store = far.world.service().world().directory.stores().remove(0);
        mimeo_service::workflows::lease::take_all_back(&store)
            .await
            .unwrap();
        assert_eq!(far.world.settle().await, [Ending::Succeeded]);
        assert!(before_count as usize <= died_at);
        assert_eq!(
            far.asked_count() as usize,
            bodies.len().max(before_count as usize)
        );
        far.has_all().await;
    }
}

#[tokio::test]
async fn two_regions_with_a_shelf_each_hold_the_same_bodies_after_a_copy() {
    for mut stage in Stage::everywhere().await {
        let near = Shelf::memory();
        let region = stage.spoke.caller().region;
        let shelves = &stage.world.service().world().shelves;
        let common = shelves.of(&"eu-west-1".parse().unwrap()).clone();
        stage.world = stage.world.with(|world| {
            world.shelves = Shelves::new(common, [(region, near.clone())].into());
        });
        let spoke = stage.spoke.served_by(&stage.world);
        stage.spoke = spoke;
        let token = stage.spoke.copies(&stage.vpc).await;
        if stage.hub.region() == stage.spoke.region() {
            // The hub's bodies were put on the shelf that its Region had before.
            let endings = stage.world.settle().await;
            assert_eq!(Stage::code(&endings[0]), "CONTENT_VERIFICATION");
            continue;
        }
        assert_eq!(stage.world.settle().await, [Ending::Succeeded]);
        stage.succeeded(&token).await;
        for version in contents(&stage.vpc).await {
            let digest = version[5].as_str().unwrap();
            let digest = digest.trim_start_matches("sha256:").parse().unwrap();
            let kept = near.verify(&digest).await.unwrap();
            assert!(matches!(kept, Kept::Present { .. }), "{kept:?}");
        }
        assert_clean_slate(&stage).await;
    }
}
