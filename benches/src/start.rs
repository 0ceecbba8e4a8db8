//! From spawning to `Ready.`, and the memory of a server that has nothing to do.

use std::time::Duration;

use crate::catalogue::fill;
use crate::server::{Server, folder};
use crate::table::{Goal, Table, median};

const ROUNDS: usize = 7;

pub(crate) async fn run(table: &mut Table) {
    for (products_count, goal_millis) in [(0, 100.0), (100_000, 300.0)] {
        let data = folder();
        fill(data.path(), products_count).await;
        let mut millis = Vec::new();
        let mut resident = 0.0;
        for _ in 0..ROUNDS {
            let server = Server::start(data.path(), &[]);
            millis.push(server.ready_after.as_secs_f64() * 1000.0);
            tokio::time::sleep(Duration::from_millis(500)).await;
            resident = server.resident_mebibytes();
        }
        let millis = median(millis);
        let what = format!("start to Ready. with {products_count} products");
        table.add(
            &what,
            format!("{millis:.0} ms"),
            millis,
            Goal::AtMost(goal_millis),
        );
        let what = format!("idle memory with {products_count} products");
        table.add(
            &what,
            format!("{resident:.1} MiB"),
            resident,
            Goal::AtMost(25.0),
        );
    }
}
