//! What goes wrong, until it does no longer, and what must come of it.

use std::sync::atomic::Ordering::Relaxed;

use super::{STEPS_MAX, Simulation, Task};
use crate::simulation::link::{Strike, lock};
use crate::simulation::weather::{STALL_MILLIS_MAX, Weather};

/// How long copies may take to become final once all faults are over, in milliseconds: the longest
/// wait between tries, a lease, and room for the work.
const REST_MILLIS_MAX: i64 = 120_000;

impl Simulation {
    pub(super) fn storm(&mut self) {
        for node in 0..self.nodes.len() {
            self.start_workers(node);
        }
        *lock(&self.shared.weather) = self.chance(|chance| Weather::storm(chance, self.mix));
        let least = self.now() + self.chance(|chance| chance.millis(5_000, 40_000));
        while (self.requests_left > 0 || self.now() < least) && self.steps < STEPS_MAX {
            self.misfortune();
            self.step();
        }
    }

    fn misfortune(&mut self) {
        let weather = lock(&self.shared.weather);
        let odds = [
            weather.crash,
            weather.pause,
            weather.jump,
            weather.drain,
            weather.cut,
        ];
        drop(weather);
        let node = self.chance(|chance| chance.index(self.nodes.len()));
        let drawn = self.chance(|chance| odds.map(|odds| chance.one_in(odds)));
        let is_up = self.nodes[node].down_until.is_none();
        let now = self.now();
        if drawn[0] && is_up {
            self.crash(node);
        }
        if drawn[1] {
            let millis = self.chance(|chance| chance.millis(2_000, 40_000));
            self.log(|| format!("node {node} sleeps for {millis} ms"));
            self.nodes[node].paused_until = now + millis;
        }
        if drawn[2] {
            let millis = self.chance(|chance| match chance.below(40) {
                0 => 3_700_000,
                1..20 => chance.millis(1_000, 60_000),
                _ => chance.millis(-60_000, -1_000),
            });
            self.log(|| format!("the databases' clock jumps by {millis} ms"));
            self.shared.clock.jump(millis);
            let ahead = self.shared.clock.database_ahead();
            self.furthest_ahead = self.furthest_ahead.max(ahead);
        }
        if drawn[3] && is_up && self.nodes[node].down_until.is_none() {
            self.stop(node);
        }
        if drawn[4] {
            let millis = self.chance(|chance| chance.millis(200, 30_000));
            let store = self.chance(|chance| chance.index(self.stores.len()));
            let whole = self.chance(|chance| chance.one_in(2));
            let mut weather = lock(&self.shared.weather);
            if whole {
                weather.store_cut_until[store] = now + millis;
            } else {
                weather.node_cut_until[node] = now + millis;
            }
            drop(weather);
            self.log(|| format!("cut for {millis} ms: database {store} {whole}, node {node}"));
        }
    }

    /// The process is told to end, and does when its grace is over; what still runs then is dropped.
    fn stop(&mut self, node: usize) {
        self.log(|| format!("node {node} is stopped"));
        self.nodes[node].stopping.store(true, Relaxed);
        self.wake_workers(node);
        let grace = self.chance(|chance| chance.millis(500, 12_000));
        self.nodes[node].down_until = Some(self.now() + grace);
    }

    /// What befell nodes while one of their workers was about to write.
    pub(super) fn struck(&mut self) {
        let strikes = std::mem::take(&mut *lock(&self.shared.strikes));
        for (node, strike) in strikes {
            match strike {
                Strike::Stop if self.nodes[node].down_until.is_none() => self.stop(node),
                Strike::Stop => {}
                Strike::Sleep(millis) => {
                    self.log(|| format!("node {node} sleeps past its lease, for {millis} ms"));
                    let node = &mut self.nodes[node];
                    node.paused_until = self.shared.clock.now() + millis;
                    // Whoever counts its grace sleeps as well.
                    node.down_until = node.down_until.map(|until| until + millis);
                }
            }
        }
    }

    fn crash(&mut self, node: usize) {
        self.log(|| format!("node {node} dies"));
        self.end(node);
        let down = self.chance(|chance| chance.millis(100, 20_000));
        self.nodes[node].down_until = Some(self.now() + down);
        self.nodes[node].paused_until = 0;
    }

    /// The process is gone: nothing that it was about to do happens, and nobody gets an answer.
    pub(super) fn end(&mut self, node: usize) {
        let (dead, alive) = std::mem::take(&mut self.tasks)
            .into_iter()
            .partition(|task| task.node == node);
        self.tasks = alive;
        let dead: Vec<Task> = dead;
        for id in dead.iter().filter_map(|task| task.request) {
            if let Some(request) = self.take_request(id)
                && self.chance(|chance| !chance.one_in(3))
            {
                self.ask_again(request);
            }
        }
    }

    pub(super) fn rest(&mut self) {
        self.log(|| "the faults are over".to_owned());
        *lock(&self.shared.weather) = Weather::default();
        let restart = self.chance(|chance| chance.one_in(2));
        for node in 0..self.nodes.len() {
            if restart {
                self.crash(node);
            }
            self.nodes[node].paused_until = 0;
            if self.nodes[node].down_until.is_some() {
                self.nodes[node].down_until = Some(self.now());
            }
        }
        // A copy that was put off while the clock was ahead waits for that instant to come again.
        let behind = self.furthest_ahead - self.shared.clock.database_ahead();
        // Calls that hung when the faults ended may hang on, before their transaction and after it.
        let hung = if restart { 0 } else { 2 * STALL_MILLIS_MAX };
        let until = self.now() + REST_MILLIS_MAX + behind + hung;
        let is_busy = |this: &Self| {
            let unfinished = !lock(&this.shared.ledger).unfinished().is_empty();
            unfinished || !this.requests.is_empty() || !this.again.is_empty()
        };
        while is_busy(self) && self.now() < until && self.steps < STEPS_MAX {
            self.step();
        }
        let questions = self.clients.describe_all(&lock(&self.shared.ledger));
        for question in questions {
            for node in 0..self.nodes.len() {
                let answer = self.asked_now(node, &question);
                let mut ledger = lock(&self.shared.ledger);
                self.clients.hear(&question, &answer, &mut ledger);
            }
        }
        lock(&self.shared.ledger).at_rest();
    }
}
