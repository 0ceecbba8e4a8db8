//! Identity and trust policies: reading them, and what must hold of any decision by them.
//!
//! A policy, then an empty line, then an action, a resource and pairs `key=value`, each on a line.

use mimeo_iam::{
    Decision, Facts, Policy, Principal, Reason, Request, TrustPolicy, decide, decide_trust,
};

use crate::text::halves;

const DENY_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

pub(crate) fn run(bytes: &[u8]) {
    let (policy, request) = halves(bytes);
    let (Ok(policy), Ok(request)) = (str::from_utf8(policy), str::from_utf8(request)) else {
        return;
    };
    let mut lines = request.lines();
    let action = lines.next().unwrap_or("servicecatalog:CopyProduct");
    let resource = lines.next().filter(|line| !line.is_empty());
    let facts = lines
        .filter_map(|line| line.split_once('='))
        .take(16)
        .fold(Facts::new(), |facts, (key, value)| facts.with(key, value));
    let request = Request {
        action,
        resource,
        context: &facts,
    };
    match Policy::parse(policy) {
        Ok(policy) => judge(&policy, &request),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match TrustPolicy::parse(policy) {
        Ok(policy) => judge_trust(&policy, &request),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn judge(policy: &Policy, request: &Request<'_>) {
    let alone = decide([policy], request);
    assert_eq!(decide([policy, policy], request), alone);
    let deny_all = Policy::parse(DENY_ALL).expect("a policy");
    for policies in [[policy, &deny_all], [&deny_all, policy]] {
        let denied = Decision::Denied(Reason::Explicit);
        assert_eq!(
            decide(policies, request),
            denied,
            "a deny wins in any order"
        );
    }
    if !policy.looks_at_resource(request.action) {
        for resource in [
            None,
            Some("arn:aws:catalog:eu-west-1:111111111111:product/prod-a"),
        ] {
            let elsewhere = Request {
                resource,
                ..*request
            };
            assert_eq!(decide([policy], &elsewhere), alone, "asked of {resource:?}");
        }
    }
}

fn judge_trust(policy: &TrustPolicy, request: &Request<'_>) {
    let account = "111111111111";
    let principals = [
        Principal::Identity {
            account,
            arn: "arn:aws:iam::111111111111:user/anna",
            session: None,
        },
        Principal::Identity {
            account,
            arn: "arn:aws:iam::111111111111:role/team/deploy",
            session: Some("arn:aws:sts::111111111111:assumed-role/deploy/one"),
        },
        Principal::Service("servicecatalog.amazonaws.com"),
        Principal::Federated("cognito-identity.amazonaws.com"),
    ];
    for principal in &principals {
        let once = decide_trust(policy, principal, request);
        assert_eq!(decide_trust(policy, principal, request), once);
    }
}
