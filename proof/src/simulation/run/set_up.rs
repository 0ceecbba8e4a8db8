//! What is there before anything goes wrong: sources, a portfolio, its share, and products of others.

use std::pin::pin;
use std::task::Poll;

use mimeo_domain::Timestamp;
use mimeo_service::Answer;

use super::{Simulation, poll};
use crate::simulation::clients::{HOST, Request, call, caller, trail};
use crate::simulation::clock::BEGIN_MILLIS;
use crate::simulation::node::{REGIONS, store_of};

/// A template that CreateProduct takes.
const TEMPLATE: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Topic:
    Type: AWS::SNS::Topic
";

impl Simulation {
    pub(super) fn set_up(&mut self) {
        let home = self.clients.home;
        let mut urls = vec!["https://templates.example/first.yaml".to_owned()];
        for name in ["a.yaml", "b.yaml"] {
            let service = self.nodes[0].services[store_of(home)].clone();
            let body = format!("{TEMPLATE}# {name}\n").into();
            let hub = caller(0, home);
            let now = Timestamp::from_millis(BEGIN_MILLIS);
            let trail = trail(&self.shared);
            let put = service.put_template((&hub, &trail), name, body, HOST, now);
            urls.push(self.wait_for(put).expect("an upload is kept"));
        }
        let portfolio = self.clients.create_portfolio();
        let made = self.asked_now(0, &portfolio);
        self.clients.portfolio = text_of(&made, "/PortfolioDetail/Id");
        for _ in 0..2 {
            let url = self.chance(|chance| chance.pick(&urls).cloned());
            let create = self
                .clients
                .create_product(0, home, &url.unwrap_or_default());
            let made = self.asked_now(0, &create);
            let id = text_of(&made, "/ProductViewDetail/ProductViewSummary/ProductId");
            for _ in 0..self.chance(|chance| chance.below(3)) {
                let url = self.chance(|chance| chance.pick(&urls).cloned());
                let add = self.clients.version_of(&id, &url.unwrap_or_default());
                self.asked_now(0, &add);
            }
            self.asked_now(0, &self.clients.hold(&id));
        }
        self.asked_now(0, &self.clients.share());
        self.asked_now(0, &self.clients.accept());
        for account in 1..3 {
            let region = self.chance(|chance| REGIONS[chance.index(2)]);
            let create = self.clients.create_product(account, region, &urls[0]);
            self.asked_now(0, &create);
        }
    }

    /// Asks and waits, with nothing else going on.
    pub(super) fn asked_now(&self, node: usize, request: &Request) -> Answer {
        let call = call(&self.shared, node, request);
        let service = self.nodes[node].services[store_of(request.region)].clone();
        self.wait_for(service.call(&call))
    }

    fn wait_for<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        loop {
            match poll(&self.shared.clock, future.as_mut()) {
                (Poll::Ready(value), _) => return value,
                (Poll::Pending, wake) => self.shared.clock.advance_to(wake),
            }
        }
    }
}

fn text_of(answer: &Answer, pointer: &str) -> String {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = body.pointer(pointer).and_then(serde_json::Value::as_str);
    text.unwrap_or_else(|| panic!("no {pointer} in {body}"))
        .to_owned()
}
