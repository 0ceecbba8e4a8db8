//! The door to test-time control: reads the body, gives the turn, tells the answer.

use http::Method;
use http::request::Parts;
use hyper::body::Incoming;
use mimeo_service::{Answer, Rejection};
use tokio::time::timeout;

use super::door::{Door, Seen, Turned, late};
use crate::control::{Asked, Control, Topic};

/// The longest body of a request for control (ours).
const CONTROL_BYTES_MAX: usize = 64 << 10;

impl Door {
    pub(super) async fn control(
        &self,
        control: &Control,
        topic: Topic,
        parts: &Parts,
        body: &mut Incoming,
        seen: &mut Seen,
    ) -> Result<Answer, Turned> {
        seen.operation = topic.name();
        if !topic.methods().contains(&parts.method) {
            return Err(Turned::Away(not_allowed(topic, parts)));
        }
        let body = self.body(body, CONTROL_BYTES_MAX, seen).await?;
        let _turn = self.turn().await?;
        let asked = Asked {
            topic,
            method: &parts.method,
            query: parts.uri.query().unwrap_or_default(),
            body: &body.bytes,
        };
        let answered = control.answer(&self.service, &asked);
        let told = timeout(self.limits.request, answered)
            .await
            .map_err(|_| late())??;
        Ok(Answer::done(told.to_string().into_bytes()))
    }
}

fn not_allowed(topic: Topic, parts: &Parts) -> Rejection {
    let methods: Vec<&str> = topic.methods().iter().map(Method::as_str).collect();
    let (method, path) = (&parts.method, parts.uri.path());
    Rejection {
        status: 405,
        code: "MethodNotAllowedException",
        message: format!("{path} takes {}, not {method}.", methods.join(", ")),
    }
}
