//! The way of a request to STS through the door.

use http::request::Parts;
use hyper::body::Incoming;
use mimeo_service::{Answer, Rejection};
use mimeo_sigv4::{Refused, Rules};

use super::door::{Door, Seen, Turned};
use super::target::not_sts;
use crate::clock::Arrived;
use crate::front;
use crate::sts::{self, Action, Form};

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
        if let Some(rejection) = not_sts(&asked) {
            return Err(rejection.into());
        }
        let body = self.body(body, self.limits.body_bytes_max, seen).await?;
        let _turn = self.turn().await?;
        let origin = front::origin(parts, arrived.now);
        let known = self.front.caller(asked, &body.bytes, &origin);
        let known = known.map_err(refused)?;
        seen.caller = Some(known.caller.clone());
        let form = Form::read(&body.bytes)?;
        let action = Action::of(&form)?;
        seen.operation = action.name();
        let body = action.run(&self.front, &known, &form, arrived.now, &arrived.request_id)?;
        Ok(Answer {
            status: 200,
            body,
            error: None,
            fault: None,
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
