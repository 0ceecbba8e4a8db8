//! The life of a server: what all its tasks watch to know when to stop.

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Running,
    /// Nothing new is begun; what runs may finish.
    Draining,
    /// What still runs is dropped.
    Stopped,
}

/// A task's view of it.
#[derive(Debug, Clone)]
pub(crate) struct Watch(watch::Receiver<Phase>);

pub(crate) fn phases() -> (watch::Sender<Phase>, Watch) {
    let (sender, receiver) = watch::channel(Phase::Running);
    (sender, Watch(receiver))
}

impl Watch {
    pub(crate) fn now(&self) -> Phase {
        *self.0.borrow()
    }

    /// The next phase. Whoever lost the server has stopped.
    pub(crate) async fn next(&mut self) -> Phase {
        match self.0.changed().await {
            Ok(()) => *self.0.borrow_and_update(),
            Err(_) => Phase::Stopped,
        }
    }

    /// Waits for the end of all work.
    pub(crate) async fn stopped(&mut self) {
        while self.now() != Phase::Stopped && self.next().await != Phase::Stopped {}
    }
}
