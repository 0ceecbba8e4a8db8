//! How bad it gets: the odds of each fault, drawn anew for each seed.

use mimeo_store::StoreError;
use mimeo_store::testing::simulated::{AccessKind, Fate};

use super::chance::Chance;
use super::link::NODES_MAX;

/// The longest that a transaction, or its answer, is held up: longer than a lease.
pub(super) const STALL_MILLIS_MAX: i64 = 40_000;

/// Odds are "once in so many"; 0 is never.
#[derive(Debug, Default)]
pub(super) struct Weather {
    pub slow: u64,
    pub stall: u64,
    pub refuse: u64,
    pub unknown: u64,
    pub again: u64,
    /// Of a workflow's point, which then counts as a failed try.
    pub gate: u64,
    /// Of a body on its way from another Region.
    pub body: u64,
    /// Of the whole simulation, for every step.
    pub crash: u64,
    pub pause: u64,
    pub jump: u64,
    pub drain: u64,
    pub cut: u64,
    /// Of a worker's write: its node sleeps until after its lease, and then goes on with that write.
    pub zombie: u64,
    /// Of a worker's write: its node is told to stop.
    pub drain_at_work: u64,
    /// Until when a node, or a database, is cut off.
    pub node_cut_until: [i64; NODES_MAX],
    pub store_cut_until: [i64; 2],
}

/// Which faults there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mix {
    Everything,
    Database,
    Nodes,
    /// Only what the accounts do to each other, and delays.
    Neighbours,
}

impl Mix {
    pub(super) const fn of_seed(seed: u64) -> Self {
        match seed % 4 {
            0 => Self::Everything,
            1 => Self::Database,
            2 => Self::Nodes,
            _ => Self::Neighbours,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Database => "database",
            Self::Nodes => "nodes",
            Self::Neighbours => "neighbours",
        }
    }
}

impl Weather {
    pub(super) fn storm(chance: &mut Chance, mix: Mix) -> Self {
        let database = matches!(mix, Mix::Everything | Mix::Database);
        let nodes = matches!(mix, Mix::Everything | Mix::Nodes);
        let mut odds = |there: bool, least: u64, span: u64| {
            let drawn = least + chance.below(span);
            // One fault in four is absent from a seed, so that each also acts without the others.
            if there && !chance.one_in(4) { drawn } else { 0 }
        };
        Self {
            slow: odds(true, 3, 30),
            stall: odds(true, 25, 150),
            refuse: odds(database, 20, 60),
            unknown: odds(database, 15, 50),
            again: odds(database, 10, 50),
            gate: odds(nodes, 8, 60),
            body: odds(true, 6, 20),
            crash: odds(nodes, 60, 200),
            pause: odds(nodes, 60, 200),
            jump: odds(nodes, 150, 400),
            drain: odds(nodes, 150, 400),
            cut: odds(database, 150, 400),
            zombie: odds(nodes, 4, 12),
            drain_at_work: odds(nodes, 30, 90),
            ..Self::default()
        }
    }

    /// How long a transaction waits, and what becomes of it.
    pub(super) fn before(
        &self,
        chance: &mut Chance,
        node: usize,
        store: usize,
        kind: AccessKind,
        now: i64,
    ) -> (i64, Fate) {
        let wait = self.wait(chance);
        let cut = self.node_cut_until[node].max(self.store_cut_until[store]) > now;
        let refused = cut || chance.one_in(self.refuse);
        let fate = match kind {
            AccessKind::Read if refused => Fate::Refused(StoreError::Unavailable),
            AccessKind::Write if cut && chance.one_in(4) => Fate::LostUnknown,
            AccessKind::Write if cut => Fate::Refused(StoreError::Unavailable),
            AccessKind::Write if refused => Fate::Refused(match chance.below(4) {
                0 => StoreError::Unavailable,
                1 => StoreError::Conflict,
                2 => StoreError::Overloaded,
                _ => StoreError::Full,
            }),
            AccessKind::Write if chance.one_in(self.unknown) => {
                if chance.one_in(2) {
                    Fate::LostUnknown
                } else {
                    Fate::DoneUnknown
                }
            }
            AccessKind::Write if chance.one_in(self.again) => Fate::RunAgain,
            AccessKind::Read | AccessKind::Write => Fate::Done,
        };
        (wait, fate)
    }

    /// Milliseconds: mostly a few, now and then seconds, seldom longer than a lease.
    pub(super) fn wait(&self, chance: &mut Chance) -> i64 {
        if chance.one_in(self.stall) {
            chance.millis(4_000, STALL_MILLIS_MAX)
        } else if chance.one_in(self.slow) {
            chance.millis(100, 3_000)
        } else if chance.one_in(2) {
            0
        } else {
            chance.millis(1, 20)
        }
    }
}
