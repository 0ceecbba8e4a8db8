//! The load: clients that ask for copies, ask again when they got no answer, and write down what
//! they were told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use crate::chance::Chance;
use crate::client;
use crate::shop::{Shop, text};

/// What was asked for, and what became known of it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub number: u64,
    /// From which corner of the shop to which.
    pub from: usize,
    pub to: usize,
    pub onto: Onto,
    /// What was answered; `None`: never, and the client gave up.
    pub token: Option<String>,
    pub input: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Onto {
    /// A new product with a name of its own.
    New,
    Sink,
}

pub(crate) struct Load {
    pub copies: u64,
    seed: u64,
    begun: AtomicU64,
    allowed: AtomicU64,
    history: Mutex<Vec<Asked>>,
    /// Answers that differ from an earlier one to the same request.
    pub contradictions: Mutex<Vec<String>>,
}

impl Load {
    pub(crate) fn new(copies: u64, seed: u64) -> Self {
        Self {
            copies,
            seed,
            begun: AtomicU64::new(0),
            allowed: AtomicU64::new(0),
            history: Mutex::default(),
            contradictions: Mutex::default(),
        }
    }

    /// Lets copies up to this number begin, so that they are spread over all lives.
    pub(crate) fn allow(&self, copies: u64) {
        self.allowed.store(copies, Ordering::SeqCst);
    }

    pub(crate) fn history(&self) -> Vec<Asked> {
        self.history.lock().unwrap().clone()
    }

    fn next(&self) -> Option<u64> {
        let number = self.begun.fetch_add(1, Ordering::SeqCst);
        if number >= self.copies {
            return None;
        }
        while number >= self.allowed.load(Ordering::SeqCst) {
            crate::sleep(1);
        }
        Some(number)
    }
}

pub(crate) fn start(clients: u64, load: &Arc<Load>, shop: &Arc<Shop>) -> Vec<JoinHandle<()>> {
    let client = |_| {
        let (load, shop) = (Arc::clone(load), Arc::clone(shop));
        thread::spawn(move || {
            while let Some(number) = load.next() {
                let asked = ask(&load, &shop, number);
                load.history.lock().unwrap().push(asked);
            }
        })
    };
    (0..clients).map(client).collect()
}

/// Waits until all clients have ended, and says which of them ended badly.
pub(crate) fn join(
    clients: impl IntoIterator<Item = JoinHandle<()>>,
) -> impl Iterator<Item = &'static str> {
    let ended = clients.into_iter().map(JoinHandle::join);
    ended
        .filter(Result::is_err)
        .map(|_| "a client was told what it did not expect")
}

fn ask(load: &Load, shop: &Shop, number: u64) -> Asked {
    let mut chance = Chance::of(load.seed, number + 1);
    let corners = shop.corners.len() as u64;
    let mut corner = || usize::try_from(chance.below(corners)).unwrap();
    let (from, to) = (corner(), corner());
    let onto = if chance.one_in(8) {
        Onto::Sink
    } else {
        Onto::New
    };
    let mut input = json!({
        "IdempotencyToken": format!("copy-{number}"),
        "SourceProductArn": shop.corners[from].arn,
    });
    match onto {
        Onto::New => input["TargetProductName"] = format!("copy-{number}").into(),
        Onto::Sink => input["TargetProductId"] = shop.corners[to].sink.clone().into(),
    }
    let mut asked = Asked {
        number,
        from,
        to,
        onto,
        token: None,
        input,
    };
    // Some clients go away when the connection breaks, and never learn what became of it.
    let patient = onto == Onto::Sink || !chance.one_in(10);
    loop {
        let node = usize::try_from(chance.below(8)).unwrap();
        let place = shop.corners[to].place;
        match client::call(
            shop.port_of(place, node),
            place,
            "CopyProduct",
            &asked.input,
        ) {
            Some((200, told)) => {
                note(load, &mut asked, &text(&told, "/CopyProductToken"));
                // Some ask again, as an SDK does whose answer came late.
                if !chance.one_in(5) {
                    return asked;
                }
            }
            Some((status, told)) if client::is_to_be_retried(status, &told) => crate::sleep(5),
            Some((status, told)) => panic!("copy {number}: {status} {told}"),
            None if patient || asked.token.is_some() => crate::sleep(5),
            None => return asked,
        }
    }
}

fn note(load: &Load, asked: &mut Asked, token: &str) {
    match &asked.token {
        Some(before) if before != token => {
            let text = format!("copy {}: first {before}, then {token}", asked.number);
            load.contradictions.lock().unwrap().push(text);
        }
        _ => asked.token = Some(token.to_owned()),
    }
}
