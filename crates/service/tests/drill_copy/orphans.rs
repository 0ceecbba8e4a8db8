//! Bodies that nothing names: when they go, and who holds them back at each instant.

use std::collections::BTreeSet;

use bytes::Bytes;
use mimeo_domain::copying::FAILURES_MAX;
use mimeo_service::Stop;
use mimeo_service::workflows::Point;
use mimeo_service::workflows::copy::Ending;
use mimeo_service::workflows::orphans::{Condemned, Sweep, sweeps};
use mimeo_store::Store;
use mimeo_templates::shelf::{Digest, Shelf, Verdict as Kept};
use mimeo_testkit::{Product, World};

use crate::slate::assert_clean_slate;
use crate::stage::{Paused, Stage, contents};

/// A sweep of the spoke's store that waits for nothing.
fn sweep(stage: &Stage) -> Sweep {
    sweep_of(&stage.world, &stage.store(), 0)
}

fn sweep_of(world: &World, store: &Store, grace_millis: i64) -> Sweep {
    let shelves = &world.service().world().shelves;
    sweeps(store, shelves, grace_millis).remove(0)
}

/// Gets the right to delete all that is ripe.
pub(crate) async fn condemn(sweep: &Sweep) -> Vec<Condemned> {
    let mut all = Vec::new();
    for ripe in sweep.ripe().await.unwrap() {
        all.extend(sweep.condemn(ripe).await.unwrap());
    }
    all
}

fn digests_of(condemned: &[Condemned]) -> BTreeSet<Digest> {
    condemned.iter().map(|body| body.digest).collect()
}

pub(crate) fn shelf(stage: &Stage) -> Shelf {
    let region = stage.spoke.caller().region;
    stage.world.service().world().shelves.of(&region).clone()
}

pub(crate) async fn has(shelf: &Shelf, digest: &Digest) -> bool {
    matches!(shelf.verify(digest).await.unwrap(), Kept::Present { .. })
}

/// The bodies of a product.
pub(crate) async fn digests(product: &Product) -> BTreeSet<Digest> {
    let of = |version: &serde_json::Value| {
        let text = version[5].as_str().expect("a digest");
        text.trim_start_matches("sha256:")
            .parse()
            .expect("a digest")
    };
    contents(product).await.iter().map(of).collect()
}

/// One store and one shelf, on each engine: a product whose bodies nothing else names.
async fn stages() -> Vec<Stage> {
    let mut stages = Vec::new();
    for world in World::on_each_engine().await {
        stages.push(Stage::on(world).await);
    }
    stages
}

#[tokio::test]
async fn what_nothing_names_goes_after_the_grace_and_the_rest_stays() {
    for stage in stages().await {
        let shelf = shelf(&stage);
        let named = digests(&stage.vpc).await;
        let orphan = shelf
            .put(Bytes::from_static(b"nobody names this"))
            .await
            .unwrap();
        let patient = sweep_of(&stage.world, &stage.store(), 3_600_000);
        assert_eq!(patient.run().await.unwrap().marked_count, 1);
        let second = patient.run().await.unwrap();
        assert_eq!((second.marked_count, second.deleted_count), (0, 0));
        assert!(has(&shelf, &orphan).await, "the grace is not over");
        let swept = sweep(&stage).run().await.unwrap();
        assert_eq!((swept.deleted_count, swept.deleted_bytes), (1, 17));
        assert!(!has(&shelf, &orphan).await);
        for digest in named {
            assert!(has(&shelf, &digest).await, "a version names it");
        }
        assert_clean_slate(&stage).await;
    }
}

#[tokio::test]
async fn what_was_marked_and_is_named_again_stays() {
    for stage in stages().await {
        let bodies = digests(&stage.vpc).await;
        let shelf = shelf(&stage);
        let mark = "INSERT INTO body_orphan (shelf, digest, state, marked, changed) VALUES ('', 'D', 'orphan', 1, 1)";
        // As if a sweep had looked just before the versions were written.
        for digest in &bodies {
            let sql: &'static str = mark.replace("'D'", &format!("'{digest}'")).leak();
            stage.execute(sql).await;
        }
        assert_eq!(sweep(&stage).delete_ripe().await.unwrap().deleted_count, 0);
        for digest in &bodies {
            assert!(has(&shelf, digest).await);
        }
        let condemned = condemn(&sweep(&stage)).await;
        assert!(condemned.is_empty(), "no mark is left");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_holds_the_bodies_that_it_names() {
    for stage in stages().await {
        let token = stage.spoke.copies(&stage.vpc).await;
        let bodies = digests(&stage.vpc).await;
        let (_, copy) = stage.world.claims().await.expect("it is due");
        let worker = Paused::at(&stage, copy, Point::Land).await;
        // Between bringing and landing, a sweep looks twice.
        let swept = sweep(&stage);
        swept.mark().await.unwrap();
        swept.delete_ripe().await.unwrap();
        assert_eq!(worker.wakes().await, Ending::Succeeded);
        for digest in bodies {
            assert!(has(&shelf(&stage), &digest).await);
        }
        stage.succeeded(&token).await;
        assert_clean_slate(&stage).await;
    }
}

/// The spoke has a body of its own of a copy that failed, marked; a new copy names it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_saw_a_body_before_it_was_deleted_does_not_land() {
    for world in World::on_each_engine().await {
        let stage = Stage::apart(world).await;
        let far = shelf(&stage);
        let near = Shelf::memory();
        let stage = with_own_shelf(stage, &near);
        let bodies = digests(&stage.vpc).await;
        for digest in &bodies {
            let body = far.get(digest).await.unwrap().expect("the hub's");
            near.put(body).await.unwrap();
        }
        let own = own_sweep(&stage);
        own.mark().await.unwrap();
        let condemned = condemn(&own).await;
        assert_eq!(
            digests_of(&condemned),
            bodies,
            "nothing here names them yet"
        );
        let token = stage.spoke.copies(&stage.vpc).await;
        let (_, copy) = stage.world.claims().await.expect("it is due");
        let worker = Paused::at(&stage, copy, Point::Land).await;
        for body in condemned {
            own.delete(body).await.unwrap().expect("its own right");
        }
        let ending = worker.wakes().await;
        assert!(matches!(ending, Ending::Postponed(_)), "{ending:?}");
        assert_eq!(stage.world.settle().await, [Ending::Succeeded]);
        for digest in &bodies {
            assert!(has(&near, digest).await, "it was brought again");
        }
        stage.succeeded(&token).await;
        assert_clean_slate(&stage).await;
    }
}

#[tokio::test]
async fn a_mark_that_is_taken_off_by_a_plan_gives_no_right_to_delete() {
    for world in World::on_each_engine().await {
        let stage = Stage::apart(world).await;
        let far = shelf(&stage);
        let near = Shelf::memory();
        let stage = with_own_shelf(stage, &near);
        for digest in digests(&stage.vpc).await {
            let body = far.get(&digest).await.unwrap().expect("the hub's");
            near.put(body).await.unwrap();
        }
        let own = own_sweep(&stage);
        own.mark().await.unwrap();
        stage.spoke.copies(&stage.vpc).await;
        assert_eq!(stage.world.settle().await, [Ending::Succeeded]);
        assert!(condemn(&own).await.is_empty());
    }
}

#[tokio::test]
async fn a_request_waits_while_its_body_is_deleted_and_then_puts_it_again() {
    for stage in stages().await {
        let body = Bytes::from_static(b"Resources: {} # old");
        let old = shelf(&stage).put(body.clone()).await.unwrap();
        let swept = sweep(&stage);
        swept.mark().await.unwrap();
        let mut condemned = condemn(&swept).await;
        assert_eq!(digests_of(&condemned), [old].into());
        let refused = uploads(&stage, &body, 1).await.unwrap_err();
        assert!(refused.to_string().contains("away"), "{refused}");
        let own = condemned.remove(0);
        swept.delete(own).await.unwrap().expect("its own right");
        uploads(&stage, &body, 2).await.unwrap();
        assert!(has(&shelf(&stage), &old).await, "it was put again");
        // The deletion is still known, and says nothing about what was put since.
        uploads(&stage, &body, 3).await.unwrap();
        swept.run().await.unwrap();
        assert!(has(&shelf(&stage), &old).await, "an upload names it");
    }
}

/// A node that is slow for longer than a deletion may take: another one did its work, and a client put
/// and named the same body again.
#[tokio::test]
async fn a_right_to_delete_that_another_node_used_removes_no_body_that_is_named_again() {
    for stage in stages().await {
        let shelf = shelf(&stage);
        let bodies = ["Resources: {} # 1", "Resources: {} # 2"].map(Bytes::from);
        for body in &bodies {
            shelf.put(body.clone()).await.unwrap();
        }
        let (slow, other) = (sweep(&stage), sweep(&stage));
        slow.mark().await.unwrap();
        let mut listed = slow.ripe().await.unwrap();
        assert_eq!(listed.len(), 2);
        let first = slow.condemn(listed.remove(0)).await.unwrap();
        let first = first.expect("nobody was faster");
        stage
            .execute("UPDATE body_orphan SET changed = 1 WHERE state = 'deleting'")
            .await;
        assert_eq!(other.delete_ripe().await.unwrap().deleted_count, 2);
        for (request, body) in (1..).zip(&bodies) {
            uploads(&stage, body, request).await.unwrap();
        }
        assert_eq!(slow.delete(first).await.unwrap(), None);
        let second = slow.condemn(listed.remove(0)).await.unwrap();
        assert!(second.is_none(), "the other node had it");
        for body in &bodies {
            assert!(has(&shelf, &Digest::of(body)).await, "an upload names it");
        }
    }
}

/// The spoke's shelf has bodies that are being deleted, for as long as it takes.
#[tokio::test]
async fn a_copy_waits_until_the_deletion_of_its_bodies_is_over() {
    for world in World::on_each_engine().await {
        let stage = Stage::apart(world).await;
        let far = shelf(&stage);
        let near = Shelf::memory();
        let stage = with_own_shelf(stage, &near);
        for digest in digests(&stage.vpc).await {
            let body = far.get(&digest).await.unwrap().expect("the hub's");
            near.put(body).await.unwrap();
        }
        let own = own_sweep(&stage);
        own.mark().await.unwrap();
        let condemned = condemn(&own).await;
        let token = stage.spoke.copies(&stage.vpc).await;
        for _ in 0..2 * FAILURES_MAX {
            let claimed = stage.world.claims().await.expect("it is due");
            let ending = stage.world.drives(claimed).await;
            assert!(matches!(ending, Ending::Postponed(_)), "{ending:?}");
        }
        for body in condemned {
            own.delete(body).await.unwrap().expect("its own right");
        }
        assert_eq!(stage.world.settle().await, [Ending::Succeeded]);
        stage.succeeded(&token).await;
        assert_clean_slate(&stage).await;
    }
}

#[tokio::test]
async fn of_two_nodes_one_gets_the_right_to_delete() {
    for stage in stages().await {
        let shelf = shelf(&stage);
        for number in 0..20 {
            shelf
                .put(Bytes::from(format!("orphan {number}")))
                .await
                .unwrap();
        }
        let (one, two) = (sweep(&stage), sweep(&stage));
        let (first, second) = tokio::join!(one.mark(), two.mark());
        assert_eq!(first.unwrap() + second.unwrap(), 20);
        let (first, second) = tokio::join!(condemn(&one), condemn(&two));
        assert_eq!(first.len() + second.len(), 20);
        let both = &digests_of(&first) | &digests_of(&second);
        assert_eq!(both.len(), 20);
    }
}

#[tokio::test]
async fn a_node_that_dies_at_any_step_leaves_its_work_to_the_next() {
    for stage in stages().await {
        let shelf = shelf(&stage);
        let orphan = shelf.put(Bytes::from_static(b"orphan")).await.unwrap();
        let swept = sweep(&stage);
        swept.mark().await.unwrap();
        assert_eq!(digests_of(&condemn(&swept).await), [orphan].into());
        // It dies here. Another one must not hurry: the dead one may only be slow.
        assert!(condemn(&swept).await.is_empty());
        assert!(has(&shelf, &orphan).await);
        stage.execute("UPDATE body_orphan SET changed = 1").await;
        assert_eq!(digests_of(&condemn(&swept).await), [orphan].into());
        // It deletes the body, and dies before it says so.
        shelf.remove(&orphan).await.unwrap();
        stage.execute("UPDATE body_orphan SET changed = 1").await;
        assert_eq!(swept.delete_ripe().await.unwrap().deleted_count, 1);
        // That it was deleted is forgotten in the end.
        stage.execute("UPDATE body_orphan SET changed = 1").await;
        swept.run().await.unwrap();
        shelf.put(Bytes::from_static(b"orphan")).await.unwrap();
        assert_eq!(swept.mark().await.unwrap(), 1);
    }
}

/// The spoke uploads a body, under a name of its own for each request.
pub(crate) async fn uploads(stage: &Stage, body: &Bytes, request: u64) -> Result<String, Stop> {
    let (caller, now) = (stage.spoke.caller(), stage.world.now());
    let (trail, name) = (World::trail(request), format!("{request}.yaml"));
    let service = stage.world.service();
    service
        .put_template((&caller, &trail), &name, body.clone(), "localhost", now)
        .await
}

pub(crate) fn with_own_shelf(mut stage: Stage, near: &Shelf) -> Stage {
    let region = stage.spoke.caller().region;
    let shelves = &stage.world.service().world().shelves;
    let common = shelves.of(&"eu-west-1".parse().unwrap()).clone();
    stage.world = stage.world.with(|world| {
        world.shelves = mimeo_service::Shelves::new(common, [(region, near.clone())].into());
    });
    stage.spoke = stage.spoke.served_by(&stage.world);
    stage
}

/// The sweep of the shelf that the spoke's Region has for itself.
pub(crate) fn own_sweep(stage: &Stage) -> Sweep {
    let shelves = &stage.world.service().world().shelves;
    sweeps(&stage.store(), shelves, 0).remove(1)
}
