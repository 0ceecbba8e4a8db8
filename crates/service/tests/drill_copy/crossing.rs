//! Many at once: products that are copied onto each other, by several workers.

use mimeo_service::workflows::{copy, lease};
use mimeo_store::{Claimer, Store};
use mimeo_testkit::{Product, World};
use serde_json::{Value, json};

use crate::slate::assert_clean_slate;
use crate::stage::Stage;

const PAIRS: usize = 100;

/// Works as a server's slot does, until nothing is left.
async fn works(world: World, store: Store) {
    loop {
        match copy::claim(&store, &Claimer::new(4)).await {
            Ok(Some(copy)) => {
                let driven = copy::drive(world.service().world(), &store, copy.clone(), 0).await;
                if driven.is_err() {
                    let _ = lease::put_off(&store, &copy, 0).await;
                }
            }
            Ok(None) if lease::unfinished_count(&store).await == Ok(0) => return,
            Ok(None) | Err(_) => tokio::task::yield_now().await,
        }
    }
}

async fn onto(source: &Product, target: &Product) -> (Product, String) {
    let first = source.version_ids().await.remove(0);
    let members = json!({
        "SourceProvisioningArtifactIdentifiers": [{"Id": first}],
        "TargetProductId": target.id,
    });
    let token = target.owner.copies_with(source, members).await;
    (target.clone(), token)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn products_that_are_copied_onto_each_other_do_not_lock() {
    for world in World::on_each_engine().await {
        let stage = Stage::on(world.with(|world| world.quotas.artifacts_per_product = 1_000)).await;
        let lan = stage.spoke.product("lan").await;
        let silver = stage.spoke.portfolio("silver").await.holds(&lan).await;
        let _silver = silver.shared_with(&stage.hub).await;
        let mut tokens = Vec::new();
        for _ in 0..PAIRS {
            tokens.push(onto(&stage.vpc, &lan).await);
            tokens.push(onto(&lan, &stage.vpc).await);
        }
        let workers: Vec<_> = (0..8)
            .map(|_| tokio::spawn(works(stage.world.clone(), stage.store())))
            .collect();
        for worker in workers {
            worker.await.expect("no panic");
        }
        for (target, token) in tokens {
            let told: Value = target.owner.copy_status(&token).await;
            assert_eq!(told["CopyProductStatus"], "SUCCEEDED", "{told}");
        }
        assert_eq!(lan.listed_versions().await.len(), 1 + PAIRS);
        assert_eq!(stage.vpc.listed_versions().await.len(), 3 + PAIRS);
        assert_clean_slate(&stage).await;
    }
}
