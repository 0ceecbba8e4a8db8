//! Clients that ask the same again and again, and count how they are answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Scene;
use crate::client::{self, Place};
use crate::instant;
use crate::shop::text;

/// Between two requests of one client.
const PAUSE_MILLIS: u64 = 5;

/// Looks of 50 ms each for what must be there.
const LOOKS_MAX: u32 = 200;

/// How long a copy may take that nothing keeps.
const COPY_MAX: Duration = Duration::from_mins(1);

/// What is asked for.
#[derive(Clone)]
pub(super) enum Deed {
    /// A product from a template that is there, with a description of so many bytes.
    Make(String, usize),
    /// A read.
    Look(String),
    /// A small write that needs no template.
    Portfolio,
    /// A template of so many bytes that nobody has.
    Upload(usize),
    /// A copy of a product of one's own, to its end.
    Copy(String),
}

/// How requests were answered, from one moment to another.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub done: u64,
    /// With a code upon which SDKs try again.
    pub refused: u64,
    /// The connection broke, or nothing came in time.
    pub unanswered: u64,
    /// Whatever else, with its count.
    pub odd: BTreeMap<String, u64>,
    millis: Vec<u64>,
}

impl Tally {
    fn note(&mut self, answer: Option<&(u16, Value)>, took: Duration) -> bool {
        self.millis
            .push(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        match answer {
            Some((200 | 201, _)) => self.done += 1,
            Some((503, told)) if told["__type"] == "ServiceUnavailableException" => {
                self.refused += 1;
            }
            Some((400, told)) if told["__type"] == "ThrottlingException" => self.refused += 1,
            Some((status, told)) => {
                *self.odd.entry(format!("{status} {told}")).or_default() += 1;
            }
            None => self.unanswered += 1,
        }
        matches!(answer, Some((200 | 201, _)))
    }

    /// The time within which so many of a hundred were answered.
    pub(super) fn percentile(&self, percent: usize) -> u64 {
        let mut millis = self.millis.clone();
        millis.sort_unstable();
        let at = (millis.len() * percent / 100).min(millis.len().saturating_sub(1));
        millis.get(at).copied().unwrap_or(0)
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} done, {} refused, {} unanswered, ms p50 {} p99 {} most {}",
            self.done,
            self.refused,
            self.unanswered,
            self.percentile(50),
            self.percentile(99),
            self.percentile(100),
        )
    }
}

/// Clients of one kind. Each deed has a token and is asked for until it is done.
pub(super) struct Askers {
    is_over: AtomicBool,
    tally: Mutex<Tally>,
    made: Mutex<Vec<(String, String)>>,
    place: Place,
    port: Arc<AtomicU16>,
    deed: Deed,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Askers {
    pub(super) fn start(count: u32, place: Place, port: Arc<AtomicU16>, deed: Deed) -> Arc<Self> {
        let askers = Arc::new(Self {
            is_over: AtomicBool::new(false),
            tally: Mutex::default(),
            made: Mutex::default(),
            place,
            port,
            deed,
            threads: Mutex::default(),
        });
        let start = |asker| {
            let askers = Arc::clone(&askers);
            thread::spawn(move || askers.ask_on(asker))
        };
        let threads = (0..count).map(start).collect();
        *askers.threads.lock().unwrap() = threads;
        askers
    }

    fn ask_on(&self, asker: u32) {
        for number in 0_u64.. {
            let name = format!("beside-{asker}-{number}");
            loop {
                if self.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let begun = instant();
                let answer = self.ask(&name, begun);
                let done = self
                    .tally
                    .lock()
                    .unwrap()
                    .note(answer.as_ref(), begun.elapsed());
                crate::sleep(PAUSE_MILLIS);
                if done {
                    break;
                }
            }
        }
    }

    fn ask(&self, name: &str, begun: Instant) -> Option<(u16, Value)> {
        let (port, place) = (self.port.load(Ordering::SeqCst), self.place);
        let call = |operation, input| client::call(port, place, operation, &input);
        match &self.deed {
            Deed::Make(template, bytes) => {
                let answer = call("CreateProduct", product(name, template, *bytes));
                if let Some((200, told)) = &answer {
                    let id = text(told, "/ProductViewDetail/ProductViewSummary/ProductId");
                    self.made.lock().unwrap().push((name.to_owned(), id));
                }
                answer
            }
            Deed::Look(id) => call("DescribeProductAsAdmin", json!({"Id": id})),
            Deed::Portfolio => {
                let input =
                    json!({"DisplayName": name, "IdempotencyToken": name, "ProviderName": "IT"});
                call("CreatePortfolio", input)
            }
            Deed::Upload(bytes) => client::try_put(port, place, name, &template(name, *bytes)),
            Deed::Copy(arn) => {
                let input = json!({"IdempotencyToken": name, "SourceProductArn": arn, "TargetProductName": name});
                let asked = call("CopyProduct", input)?;
                if asked.0 != 200 {
                    return Some(asked);
                }
                let input = json!({"CopyProductToken": asked.1["CopyProductToken"]});
                loop {
                    let told = call("DescribeCopyProductStatus", input.clone())?;
                    match told.1["CopyProductStatus"].as_str() {
                        Some("SUCCEEDED") => return Some(told),
                        Some("IN_PROGRESS") if begun.elapsed() < COPY_MAX => crate::sleep(5),
                        _ => return Some((599, told.1)),
                    }
                }
            }
        }
    }

    /// How answers were since it was asked last.
    pub(super) fn since(&self) -> Tally {
        std::mem::take(&mut *self.tally.lock().unwrap())
    }

    /// Waits for a second in which all requests are answered well; how long until it began, if it was soon
    /// enough.
    pub(super) fn unrefused(&self, within: Duration) -> Option<Duration> {
        let begun = instant();
        while begun.elapsed() < within {
            let from = begun.elapsed();
            drop(self.since());
            crate::sleep(1_000);
            let second = self.since();
            if second.done > 0 && second.refused + second.unanswered == 0 {
                return Some(from);
            }
        }
        None
    }

    /// Waits until a request is answered well; how long that took, if it was soon enough.
    pub(super) fn first_done(&self, within: Duration) -> Option<Duration> {
        let begun = instant();
        drop(self.since());
        while begun.elapsed() < within {
            if self.tally.lock().unwrap().done > 0 {
                return Some(begun.elapsed());
            }
            crate::sleep(5);
        }
        None
    }

    fn name_of(&self, id: &str) -> Option<String> {
        let port = self.port.load(Ordering::SeqCst);
        let input = json!({"Id": id});
        for _ in 0..LOOKS_MAX {
            let told = client::call(port, self.place, "DescribeProductAsAdmin", &input);
            if let Some((200, told)) = told {
                return Some(text(&told, "/ProductViewDetail/ProductViewSummary/Name"));
            }
            crate::sleep(50);
        }
        None
    }

    /// No more requests; whether each product that was acknowledged is there.
    pub(super) fn stop(&self, scene: &Scene) {
        self.is_over.store(true, Ordering::SeqCst);
        for thread in std::mem::take(&mut *self.threads.lock().unwrap()) {
            if thread.join().is_err() {
                scene.wrong("a client beside was told what it did not expect");
            }
        }
        for (name, id) in self.made.lock().unwrap().iter() {
            if self.name_of(id).as_ref() != Some(name) {
                scene.wrong(format!("{name} was acknowledged as {id}, and is not there"));
            }
        }
    }
}

impl Scene<'_> {
    /// Tells a tally, in which whatever is neither done nor refused is wrong.
    pub(super) fn tell_tally(&self, what: &str, tally: &Tally) {
        self.tell(what, tally);
        for (answer, count) in &tally.odd {
            self.wrong(format!("{what}: {count} times {answer}"));
        }
    }

    /// The same, where every request is to be done.
    pub(super) fn tell_undisturbed(&self, what: &str, tally: &Tally) {
        self.tell_tally(what, tally);
        if tally.refused + tally.unanswered > 0 || tally.done == 0 {
            self.wrong(format!("{what}: {tally}"));
        }
    }
}

/// A template of its own bytes.
fn template(name: &str, bytes: usize) -> String {
    let much = "x".repeat(bytes);
    format!("# {name} {much}\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n")
}

pub(super) fn product(name: &str, template: &str, bytes: usize) -> Value {
    json!({
        "Description": "x".repeat(bytes),
        "IdempotencyToken": name,
        "Name": name,
        "Owner": "Platform",
        "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "ProvisioningArtifactParameters": {
            "Info": {"LoadTemplateFromURL": template},
            "Type": "CLOUD_FORMATION_TEMPLATE",
        },
    })
}
