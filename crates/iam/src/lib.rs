//! The policy language of AWS IAM: reads policies and decides requests; no I/O, no clock.
//!
//! [`Policy::parse`] reads an identity policy and tells all that is wrong with it at once.
//! [`decide`] asks any number of policies about one [`Request`]: an explicit deny wins, then an
//! allow, and what nothing allows is denied. Patterns are prepared when a policy is read, so keep
//! the policy and ask it often. What conditions and variables ask about comes from a [`Context`],
//! which is asked only for the keys that a statement needs.
//!
//! [`TrustPolicy::parse`] and [`decide_trust`] do the same for the policy that says who may assume
//! a role. [`managed`] has our counterparts of AWS's managed policies.
//!
//! Not spoken here: permission boundaries, session policies, service and resource control
//! policies, and resource policies other than trust policies.
//!
//! The language: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies.html>

mod condition;
mod context;
mod decide;
mod glob;
mod json;
mod managed;
mod members;
mod network;
mod pattern;
mod policy;
mod problem;
mod scalar;
mod statement;
mod trust;

pub use condition::CONDITIONS_MAX;
pub use context::{Context, Facts, Values};
pub use decide::{Decision, Reason, Request, decide, denied_message};
pub use managed::{MANAGED_POLICIES, managed};
pub use members::VALUES_MAX;
pub use policy::Policy;
pub use problem::{PROBLEMS_MAX, PolicyError, Problem};
pub use statement::{POLICY_BYTES_MAX, STATEMENTS_MAX};
pub use trust::{Principal, Trust, TrustPolicy, decide_trust};
