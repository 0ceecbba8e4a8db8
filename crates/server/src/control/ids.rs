//! `/_mimeo/ids`: ids from a seed instead of chance.

use http::Method;
use mimeo_service::Rejection;
use serde_json::{Value, json};

use super::Control;
use crate::members::Members;

impl Control {
    pub(super) fn answer_ids(
        &self,
        method: &Method,
        mut members: Members,
    ) -> Result<Value, Rejection> {
        match *method {
            Method::PUT => {
                let seed = members.whole("seed", 0..=u64::MAX);
                if seed.is_none() {
                    members.problem("seed", "is needed");
                }
                members.end()?;
                self.rehearsal.set_ids(seed);
            }
            Method::DELETE => {
                members.end()?;
                self.rehearsal.set_ids(None);
            }
            _ => members.end()?,
        }
        Ok(json!({ "seed": self.rehearsal.ids() }))
    }
}
