//! One case: steps played on the server and on the model, and compared.

use std::collections::{BTreeMap, BTreeSet};

use mimeo_service::workflows::Point;
use mimeo_service::workflows::copy::Ending;
use serde_json::{Value, json};

use super::alphabet::{How, REGIONS, Seat, Step, opening};
use super::catalogue::{Catalogue, INVALID, Name, Request, State};
use super::copies::Worked;
use super::real::{Answer, Server};
use super::view::{View, text};
use super::wire::{altered, input};

/// Everything is compared after so many steps, after every crash and at the end.
const COMPARED_EVERY: usize = 8;

/// Tries at the end, after which every copy must be final.
const TRIES_MAX: usize = 64;

pub(super) struct Case<'a> {
    server: &'a mut Server,
    pub(super) model: Catalogue,
    /// Ids by name, from the first answer that had them: of products, portfolios and copies.
    ids: BTreeMap<Name, String>,
    names: BTreeMap<String, Name>,
    pub(super) made: usize,
    sent: Vec<Sent>,
}

/// A request with a token that was answered.
struct Sent {
    seat: Seat,
    operation: &'static str,
    input: Value,
    answer: Vec<u8>,
}

impl<'a> Case<'a> {
    pub(super) fn on(server: &'a mut Server) -> Self {
        server.begin_case();
        Self {
            server,
            model: Catalogue::default(),
            ids: BTreeMap::new(),
            names: BTreeMap::new(),
            made: 0,
            sent: Vec::new(),
        }
    }

    /// Plays the steps; the error says what differs, and after which step.
    pub(super) async fn play(mut self, steps: &[Step]) -> Result<(), String> {
        for step in &opening() {
            let told = |problem| format!("in the opening, {step:?}: {problem}");
            self.step(step).await.map_err(told)?;
        }
        for (at, step) in steps.iter().enumerate() {
            let told = |problem| format!("step {at}, {step:?}: {problem}");
            self.step(step).await.map_err(told)?;
            if at % COMPARED_EVERY == COMPARED_EVERY - 1 || matches!(step, Step::Crash) {
                self.compare().await.map_err(told)?;
            }
        }
        let told = |problem| format!("at the end: {problem}");
        self.server.crash().await;
        self.model.start_again();
        for _ in 0..TRIES_MAX {
            self.tick(None).await.map_err(told)?;
        }
        self.compare().await.map_err(told)
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Ask { seat, verb, how } => match self.request(*seat, verb) {
                Some(request) => self.ask(*seat, &request, *how).await,
                None => Ok(()),
            },
            Step::Tick { dies_at } => self.tick(*dies_at).await,
            Step::Duplicate { request, altered } => self.duplicate(*request, *altered).await,
            Step::Crash => {
                self.server.crash().await;
                self.model.start_again();
                Ok(())
            }
            Step::ClockJump { minutes } => {
                self.server.jump(*minutes);
                Ok(())
            }
        }
    }

    async fn ask(&mut self, seat: Seat, request: &Request, how: How) -> Result<(), String> {
        let (operation, input) = input(self, seat, request).await?;
        let has_token = input.get("IdempotencyToken").is_some();
        match how {
            How::Plainly => {}
            How::Twice => {
                let first = self.server.ask(seat, operation, &input).await;
                self.judge(seat, request, &first)?;
                if has_token && first.0 == 200 {
                    let second = self.server.ask(seat, operation, &input).await;
                    return same(&first, &second);
                }
            }
            How::CutOff { micros } => {
                self.server
                    .ask_and_crash(seat, operation, &input, micros)
                    .await;
                self.model.start_again();
                if self.has_happened(seat, request).await? {
                    let again = self.server.ask(seat, operation, &input).await;
                    if !has_token {
                        return self.judge(seat, request, &again);
                    }
                    return self.answered(request, &again);
                }
            }
        }
        let answer = self.server.ask(seat, operation, &input).await;
        self.judge(seat, request, &answer)?;
        if has_token && answer.0 == 200 {
            let answer = answer.1;
            self.sent.push(Sent {
                seat,
                operation,
                input,
                answer,
            });
        }
        Ok(())
    }

    /// Whether a request that was cut off has taken effect: wholly, or not at all.
    async fn has_happened(&mut self, seat: Seat, request: &Request) -> Result<bool, String> {
        let seen = self.see().await?;
        let without = self.difference(&self.model, &seen);
        // A copy that was accepted is not to be seen before a worker takes it.
        if without.is_none() {
            return Ok(false);
        }
        let mut after = self.model.clone();
        if after.ask(seat, request).is_ok() {
            match self.difference(&after, &seen) {
                None => {
                    self.model = after;
                    return Ok(true);
                }
                Some(with) => return Err(format!("half of it: {with}")),
            }
        }
        Err(format!(
            "of what is refused: {}",
            without.unwrap_or_default()
        ))
    }

    /// Compares an answer with the model's.
    fn judge(&mut self, seat: Seat, request: &Request, answer: &Answer) -> Result<(), String> {
        match self.model.ask(seat, request) {
            Ok(()) => self.answered(request, answer),
            Err(code) => refused(answer, code),
        }
    }

    fn answered(&mut self, request: &Request, answer: &Answer) -> Result<(), String> {
        let body = parsed(&answer.1)?;
        if answer.0 != 200 {
            return Err(format!("{request:?} is refused: {} {body}", answer.0));
        }
        match request {
            Request::CreateProduct { name, .. } => {
                let id = text(&body, "/ProductViewDetail/ProductViewSummary/ProductId")?;
                self.bind(name, &id)
            }
            Request::CreatePortfolio { name, .. } => {
                self.bind(name, &text(&body, "/PortfolioDetail/Id")?)
            }
            Request::Copy { token, .. } => self.bind(token, &text(&body, "/CopyProductToken")?),
            _ => Ok(()),
        }
    }

    async fn duplicate(&mut self, number: usize, is_other: bool) -> Result<(), String> {
        if self.sent.is_empty() {
            return Ok(());
        }
        let earlier = &self.sent[number % self.sent.len()];
        let (seat, operation) = (earlier.seat, earlier.operation);
        if is_other {
            let input = altered(operation, earlier.input.clone());
            let answer = self.server.ask(seat, operation, &input).await;
            return refused(&answer, INVALID);
        }
        let first = (200, earlier.answer.clone());
        let again = self.server.ask(seat, operation, &earlier.input).await;
        same(&first, &again)
    }

    async fn tick(&mut self, dies_at: Option<Point>) -> Result<(), String> {
        let waits = self
            .model
            .copies
            .values()
            .any(|copy| copy.state == State::Waits);
        let Some((id, ending)) = self.server.tick(dies_at).await else {
            return if waits {
                Err("a copy waits and is not claimed".into())
            } else {
                Ok(())
            };
        };
        let token = self
            .name_of(&id)
            .ok_or(format!("nobody asked for {id}"))?
            .to_owned();
        let expected = self.model.work(&token, dies_at)?;
        let is_expected = matches!(
            (&ending, expected),
            (Ending::Succeeded, Worked::Succeeded)
                | (Ending::Failed(_), Worked::Failed)
                | (Ending::Crashed, Worked::Died)
        );
        if !is_expected {
            return Err(format!("{token} is {ending:?} and should be {expected:?}"));
        }
        let copy = &self.model.copies[&token];
        if copy.state == State::Succeeded && copy.is_new {
            let (by, target) = (copy.by, copy.target.clone());
            let input = json!({"CopyProductToken": id});
            let status = self.does(by, "DescribeCopyProductStatus", input).await?;
            self.bind(&target, &text(&status, "/TargetProductId")?)?;
        }
        Ok(())
    }

    async fn compare(&mut self) -> Result<(), String> {
        let seen = self.see().await?;
        self.difference(&self.model, &seen).map_or(Ok(()), Err)
    }

    /// The first lines that differ, if any does.
    fn difference(&self, model: &Catalogue, seen: &View) -> Option<String> {
        let known = self.ids.keys().cloned().collect();
        let expected = model.view(&known);
        let subjects: BTreeSet<&String> = expected.keys().chain(seen.keys()).collect();
        let mut differ = subjects
            .into_iter()
            .filter(|it| expected.get(*it) != seen.get(*it));
        let first = differ.next()?;
        let (expected, seen) = (expected.get(first), seen.get(first));
        Some(format!("{first}: is {seen:?} and should be {expected:?}"))
    }

    /// Asks, and reads the answer.
    pub(super) async fn told(&mut self, seat: Seat, operation: &str, input: Value) -> (u16, Value) {
        let (status, body) = self.server.ask(seat, operation, &input).await;
        (status, parsed(&body).unwrap_or_default())
    }

    /// Asks what must be answered.
    pub(super) async fn does(
        &mut self,
        seat: Seat,
        operation: &str,
        input: Value,
    ) -> Result<Value, String> {
        let (status, body) = self.told(seat, operation, input.clone()).await;
        if status == 200 {
            Ok(body)
        } else {
            Err(format!("{operation} {input} of {seat}: {status} {body}"))
        }
    }

    /// A name has one id for ever, and an id one name.
    pub(super) fn bind(&mut self, name: &str, id: &str) -> Result<(), String> {
        let before = self
            .ids
            .entry(name.to_owned())
            .or_insert_with(|| id.to_owned());
        let name_before = self
            .names
            .entry(id.to_owned())
            .or_insert_with(|| name.to_owned());
        if before != id || name_before != name {
            return Err(format!("{name} is {id}, and was {before}, {name_before}"));
        }
        Ok(())
    }

    /// The id of a name; for what was never made, one that names nothing.
    pub(super) fn id(&self, name: &str) -> String {
        self.ids
            .get(name)
            .cloned()
            .unwrap_or_else(|| format!("absent-{name}"))
    }

    pub(super) fn name_of(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    /// Every product that was ever made in a Region, as far as its id is known.
    pub(super) fn known_products(&self, region: usize) -> Vec<Name> {
        let known = self
            .ids
            .keys()
            .filter(|name| is_of(name, "product", region));
        known.cloned().collect()
    }

    pub(super) fn known(&self, kind: &str) -> Vec<Name> {
        let regions = 0..REGIONS.len();
        let of = |region| {
            self.ids
                .keys()
                .filter(move |name| is_of(name, kind, region))
        };
        regions.flat_map(of).cloned().collect()
    }

    pub(super) fn copies_by(&self) -> Vec<(Name, Seat)> {
        let copies = self.model.copies.iter();
        copies
            .map(|(token, copy)| (token.clone(), copy.by))
            .collect()
    }

    pub(super) fn account(&self, number: usize) -> String {
        self.server.account(number)
    }

    pub(super) fn account_number(&self, account: &str) -> Result<usize, String> {
        let number = self.server.number_of(account);
        number.ok_or_else(|| format!("{account} is none of this case"))
    }

    /// A name that was never given before.
    pub(super) fn fresh(&mut self, kind: &str, region: usize) -> Name {
        self.made += 1;
        format!("{kind}-{region}-{}", self.made)
    }
}

fn is_of(name: &str, kind: &str, region: usize) -> bool {
    name.starts_with(&format!("{kind}-{region}-"))
}

fn parsed(body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(body).map_err(|error| format!("no JSON: {error}"))
}

fn refused(answer: &Answer, code: &str) -> Result<(), String> {
    let body = parsed(&answer.1)?;
    if answer.0 == 400 && body["__type"] == code {
        return Ok(());
    }
    Err(format!("{} {body}, and should be {code}", answer.0))
}

fn same(first: &Answer, second: &Answer) -> Result<(), String> {
    if first == second {
        return Ok(());
    }
    let shown = |answer: &Answer| String::from_utf8_lossy(&answer.1).into_owned();
    Err(format!("first {}, then {}", shown(first), shown(second)))
}
