//! The way of a request to STS through the door.

use http::request::Parts;
use hyper::body::Incoming;
use mimeo_service::{Answer, Denied, Rejection, Trail};
use mimeo_sigv4::{Refused, Rules};
use tracing::error;

use super::door::{Door, Seen, Turned};
use super::target::not_sts;
use crate::clock::Arrived;
use crate::front::{self, Known};
use crate::sts::{self, Action, Done, Form};

impl Door {
    pub(super) async fn sts(
        &self,
        arrived: &Arrived,
        parts: &Parts,
        body: &mut Incoming,
        seen: &mut Seen,
    ) -> Result<Answer, Turned> {
        let refused = |refused: Refused| Turned::from(sts::refused(&refused));
        let headers = front::headers(&parts.headers);
        let head = front::head(parts, &headers);
        let asked = self.front.read(&head, &Rules::STS, arrived.now);
        let asked = asked.map_err(refused)?;
        if let Some(rejection) = not_sts(asked.service()) {
            return Err(rejection.into());
        }
        let body = self.body(body, self.limits.body_bytes_max, seen).await?;
        let _turn = self.turn().await?;
        let origin = front::origin(parts, arrived.now);
        let access_key_id = asked.access_key_id();
        let known = self.front.caller(asked, &body.bytes, &origin);
        let known = known.map_err(refused)?;
        let trail = known
            .actor
            .trail(known.session, access_key_id, &origin, arrived.request_id);
        seen.caller = Some(known.caller.clone());
        let form = Form::read(&body.bytes)?;
        let action = Action::of(&form)?;
        seen.operation = action.name();
        let done = action.run(&self.front, &known, &form, arrived.now, &arrived.request_id);
        self.record(&known, &trail, arrived, (action, &form), &done)
            .await?;
        Ok(Answer::done(done?.body))
    }

    /// A session is answered, and a denial is told, once it is recorded.
    async fn record(
        &self,
        known: &Known,
        trail: &Trail<'_>,
        arrived: &Arrived,
        (action, form): (Action, &Form),
        done: &Result<Done, Rejection>,
    ) -> Result<(), Rejection> {
        let Some(event) = action.event() else {
            return Ok(());
        };
        let (caller, parameters) = (&known.caller, sts::parameters(form));
        let recorded = match done {
            Ok(done) => {
                let what = (parameters, done.elements.clone());
                let recorded = self
                    .service
                    .record_done(caller, trail, arrived.now, event, what);
                recorded.await
            }
            Err(rejection) if rejection.code == sts::ACCESS_DENIED => {
                let denied = Denied(rejection.message.clone());
                let what = (parameters, &denied);
                let recorded = self
                    .service
                    .record_denied(caller, trail, arrived.now, event, what);
                recorded.await
            }
            Err(_) => Ok(()),
        };
        recorded.map_err(|stop| {
            error!(%stop, "a session is not recorded, so it does not begin");
            Rejection {
                status: 503,
                code: "ServiceUnavailable",
                message: "The service cannot take this request now. Try again later.".to_owned(),
            }
        })
    }
}

/// A rejection in XML.
pub(super) fn rejected(rejection: &Rejection, arrived: &Arrived) -> Answer {
    Answer {
        status: rejection.status,
        body: sts::error(rejection, &arrived.request_id),
        error: Some(rejection.code),
        fault: None,
    }
}
