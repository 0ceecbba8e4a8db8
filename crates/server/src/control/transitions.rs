//! `/_mimeo/transitions`: the course of copies that are accepted from now on.

use http::Method;
use mimeo_domain::copying::Course;
use mimeo_service::workflows::hold;
use mimeo_service::{Rejection, Rule, Service};
use serde_json::{Value, json};

use super::{Control, broken};
use crate::members::Members;

/// Questions that a copy may be held for, and seconds: a million, a year.
const DESCRIBES_MAX: u64 = 1_000_000;
const SECONDS_MAX: u64 = 31_536_000;

/// Characters of a chosen status detail (ours).
const DETAIL_LENGTH_MAX: usize = 1_000;

impl Control {
    pub(super) async fn answer_transitions(
        &self,
        service: &Service,
        method: &Method,
        mut members: Members,
    ) -> Result<Value, Rejection> {
        match *method {
            Method::PUT => {
                let course = course(&mut members);
                let extent = members.extent();
                members.end()?;
                // Without a course there was a problem.
                if let Some(course) = course {
                    let set = self.rehearsal.set_rule(Rule { extent, course });
                    set.map_err(|most| {
                        let most = most.0;
                        let message = format!("There are {most} transitions, which is the most.");
                        Rejection::new("LimitExceededException", message)
                    })?;
                }
            }
            Method::DELETE => {
                let extent = members.extent();
                members.end()?;
                self.rehearsal.drop_rules(&extent);
                for store in service.world().directory.stores() {
                    let released = hold::release(&store, extent.clone()).await;
                    released.map_err(|error| broken(&error))?;
                }
                service.world().ring();
            }
            _ => members.end()?,
        }
        let rules = self.rehearsal.rules();
        let told: Vec<Value> = rules.iter().map(told).collect();
        Ok(json!({ "transitions": told }))
    }
}

fn course(members: &mut Members) -> Option<Course> {
    let Some(mut copy) = members.within("copy_product") else {
        members.problem("copy_product", "is needed, as an object");
        return None;
    };
    let after = copy.within("succeeds_after");
    let fails = copy.text("fails_with");
    let course = match (after, fails) {
        (Some(mut after), None) => {
            let course = held(&mut after);
            copy.close(after);
            course
        }
        (None, Some(text)) => fails_with(&mut copy, text),
        _ => {
            copy.problem(
                "succeeds_after",
                "or `fails_with` is needed, one of the two",
            );
            None
        }
    };
    members.close(copy);
    course
}

fn held(after: &mut Members) -> Option<Course> {
    let describes = after.whole("describes", 0..=DESCRIBES_MAX);
    let seconds = after.whole("seconds", 0..=SECONDS_MAX);
    match (describes, seconds) {
        (Some(count), None) => u32::try_from(count).ok().map(Course::AfterDescribes),
        (None, Some(count)) => i64::try_from(count * 1000).ok().map(Course::AfterMillis),
        _ => {
            after.problem("describes", "or `seconds` is needed, one of the two");
            None
        }
    }
}

fn fails_with(copy: &mut Members, text: String) -> Option<Course> {
    if text.is_empty() || text.chars().count() > DETAIL_LENGTH_MAX {
        let rule = format!("must be 1 to {DETAIL_LENGTH_MAX} characters long");
        copy.problem("fails_with", &rule);
        return None;
    }
    Some(Course::Fails(text))
}

/// A rule as it could be put again.
fn told(rule: &Rule) -> Value {
    let course = match &rule.course {
        Course::AfterDescribes(count) => json!({"succeeds_after": {"describes": count}}),
        Course::AfterMillis(millis) => json!({"succeeds_after": {"seconds": millis / 1000}}),
        Course::Fails(text) => json!({ "fails_with": text }),
    };
    let mut told = json!({ "copy_product": course });
    if let Some(account) = &rule.extent.account {
        told["account"] = account.as_str().into();
    }
    if let Some(region) = &rule.extent.region {
        told["region"] = region.as_str().into();
    }
    told
}
