//! Requests on their way to a node, and again.

use std::sync::Arc;

use mimeo_domain::{CopyToken, Timestamp};

use super::Simulation;
use crate::simulation::clients::{CANCEL, Request, call, caller, trail};
use crate::simulation::link::lock;
use crate::simulation::node::store_of;

impl Simulation {
    pub(super) fn send(&mut self, mut request: Request) {
        let up: Vec<usize> = (0..self.nodes.len())
            .filter(|node| self.nodes[*node].down_until.is_none())
            .collect();
        let Some(node) = self.chance(|chance| chance.pick(&up).copied()) else {
            self.again.push((self.now() + 1_000, request));
            return;
        };
        request.tries += 1;
        self.requests_count += 1;
        let id = self.requests_count;
        self.log(|| format!("asks node {node}: {} {}", request.operation, request.input));
        if request.operation == CANCEL {
            return self.cancel(node, &request);
        }
        let call = call(&self.shared, node, &request);
        let service = self.nodes[node].services[store_of(request.region)].clone();
        let answers = Arc::clone(&self.answers);
        let asking = async move {
            let answer = service.call(&call).await;
            lock(&answers).push((id, answer));
        };
        self.requests.push((id, request));
        self.spawn(node, Some(id), Box::pin(asking));
    }

    pub(super) fn take_request(&mut self, id: u64) -> Option<Request> {
        let at = self.requests.iter().position(|(known, _)| *known == id)?;
        Some(self.requests.remove(at).1)
    }

    pub(super) fn ask_again(&mut self, request: Request) {
        let wait = self.chance(|chance| chance.millis(50, 5_000));
        self.again.push((self.now() + wait, request));
    }

    /// Cancels through the endpoint beside AWS's; nobody waits for the answer.
    fn cancel(&mut self, node: usize, request: &Request) {
        let service = self.nodes[node].services[store_of(request.region)].clone();
        let caller = caller(request.account, request.region);
        let trail = trail(&self.shared);
        let token = CopyToken::from(
            request.input["token"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        );
        let now = Timestamp::from_millis(self.now());
        let cancel = async move {
            let _ = service.cancel_copy((&caller, &trail), &token, now).await;
        };
        self.spawn(node, None, Box::pin(cancel));
    }
}
