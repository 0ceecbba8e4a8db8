//! May the caller do this? Asked before anything is fetched, replayed or written.
//!
//! The resource is looked up only where a policy of the caller looks at it. What the caller's
//! account cannot see is asked for under that account's own ARN, so that the answer does not tell
//! whether it exists. A product that is named instead of identified must be allowed whichever of
//! the account's visible products of that name it may be.

use std::borrow::Cow;
use std::sync::Arc;

use mimeo_api::{Operation, ResourceKind};
use mimeo_domain::arn::{partition_of, portfolio_arn, product_arn};
use mimeo_domain::tags::Tag;
use mimeo_domain::{AccountId, Caller, PortfolioId, ProductId, Timestamp};
use mimeo_iam::{
    Context, Decision, Facts, Policy, Reason, Request, Values, decide, denied_message,
};
use mimeo_store::{AuthScope, Store, Tx, Work};
use serde_json::Value;

use crate::audit::{Event, Trail};
use crate::dispatch::Call;
use crate::error::Stop;
use crate::world::Service;

/// How ids of portfolios begin; other ids of resources are products'.
const PORTFOLIO_PREFIX: &str = "port-";

/// What a caller may do.
#[derive(Debug, Clone)]
pub enum Authority {
    /// Everything in its account: root users, and whoever calls in open mode.
    Whole,
    /// What policies allow.
    Granted(Arc<Grant>),
}

/// What the policies of a user, or of a session, allow.
#[derive(Debug)]
pub struct Grant {
    /// The principal's own, and those of its groups.
    pub policies: Vec<Arc<Policy>>,
    /// What the session was narrowed to when it began.
    pub session_policy: Option<Arc<Policy>>,
    /// What conditions may ask about the principal and about how the request came, such as
    /// `aws:PrincipalArn` and `aws:SourceIp`.
    pub facts: Facts<'static>,
}

/// Turned away by a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Denied(pub String);

impl Grant {
    /// Whether the policies allow it; the session's own policy must allow it too.
    pub fn decide(&self, request: &Request<'_>) -> Result<(), Reason> {
        verdict(self.own(request))?;
        verdict(self.of_session(request))
    }

    fn own(&self, request: &Request<'_>) -> Decision {
        decide(self.policies.iter().map(AsRef::as_ref), request)
    }

    fn of_session(&self, request: &Request<'_>) -> Decision {
        match &self.session_policy {
            Some(policy) => decide([&**policy], request),
            None => Decision::Allowed,
        }
    }

    fn looks_at_resource(&self, action: &str) -> bool {
        let mut policies = self.policies.iter().chain(&self.session_policy);
        policies.any(|policy| policy.looks_at_resource(action))
    }

    /// The same, and otherwise why not, in AWS's words. `shown` is the resource as the text has it.
    fn check(&self, user: &str, shown: &str, request: &Request<'_>) -> Result<(), Denied> {
        let action = request.action;
        verdict(self.own(request))
            .map_err(|reason| Denied(denied_message(user, action, shown, reason)))?;
        verdict(self.of_session(request)).map_err(|reason| {
            let because = match reason {
                Reason::Explicit => "with an explicit deny in a session policy".to_owned(),
                Reason::NothingAllows => {
                    format!("because no session policy allows the {action} action")
                }
            };
            Denied(format!(
                "User: {user} is not authorized to perform: {action} on resource: {shown} {because}"
            ))
        })
    }
}

fn verdict(decision: Decision) -> Result<(), Reason> {
    match decision {
        Decision::Allowed => Ok(()),
        Decision::Denied(reason) => Err(reason),
    }
}

/// Lets an operation pass or turns it away.
pub(crate) async fn authorize<O: Operation>(
    store: &Store,
    call: &Call<'_>,
    input: &O::Input,
) -> Result<(), Stop> {
    let Authority::Granted(grant) = &call.authority else {
        return Ok(());
    };
    let sought = Sought::of::<O>(input);
    let resources = match &sought {
        Sought::Old(old) if grant.looks_at_resource(O::ACTION) => {
            let (scope, old) = (AuthScope::of(&call.caller), old.clone());
            store.read(Find { scope, old }).await?
        }
        Sought::None | Sought::New | Sought::Old(_) => Vec::new(),
    };
    let unfound = [sought.unfound(&call.caller)];
    let resources = if resources.is_empty() {
        &unfound[..]
    } else {
        &resources
    };
    for resource in resources {
        let asked = Asked {
            grant,
            caller: &call.caller,
            now: call.arrival.now,
            resource,
            request_tags: O::request_tags(input).unwrap_or_default(),
            has_access_levels: O::HAS_ACCESS_LEVELS,
        };
        let request = Request {
            action: O::ACTION,
            resource: resource.arn.as_deref(),
            context: &asked,
        };
        let shown = resource.arn.as_deref().unwrap_or("*");
        grant.check(&call.caller.principal, shown, &request)?;
    }
    Ok(())
}

impl Service {
    /// The same for what is no operation of the API: allowed by an action of ours, or where nothing
    /// is said of that by the operation that it serves. A denial is recorded, with parameters in
    /// CloudTrail's spelling, before it is told.
    pub async fn let_in(
        &self,
        (caller, authority, trail): (&Caller, &Authority, &Trail<'_>),
        now: Timestamp,
        (action, serves): (&str, Option<&str>),
        (event, parameters): (Event, Value),
    ) -> Result<(), Stop> {
        let stop = match Self::authorize_ours(caller, authority, now, action, serves) {
            Ok(()) => return Ok(()),
            Err(stop) => stop,
        };
        if let Stop::Denied(denied) = &stop {
            self.record_denied(caller, trail, now, event, (parameters, denied))
                .await?;
        }
        Err(stop)
    }

    fn authorize_ours(
        caller: &Caller,
        authority: &Authority,
        now: Timestamp,
        action: &str,
        serves: Option<&str>,
    ) -> Result<(), Stop> {
        let Authority::Granted(grant) = authority else {
            return Ok(());
        };
        let resource = Sought::New.unfound(caller);
        let asked = Asked {
            grant,
            caller,
            now,
            resource: &resource,
            request_tags: &[],
            has_access_levels: false,
        };
        let request = |action| Request {
            action,
            resource: resource.arn.as_deref(),
            context: &asked,
        };
        let shown = resource.arn.as_deref().unwrap_or("*");
        let ours = request(action);
        // What a policy forbids of the operation behind it is forbidden here as well.
        if let Some(serves) = serves
            && grant.decide(&request(serves)) == Err(Reason::Explicit)
        {
            grant.check(&caller.principal, shown, &request(serves))?;
        }
        match (grant.decide(&ours), serves) {
            (Err(Reason::NothingAllows), Some(serves)) => {
                Ok(grant.check(&caller.principal, shown, &request(serves))?)
            }
            (Ok(()), _) => Ok(()),
            (Err(_), _) => Ok(grant.check(&caller.principal, shown, &ours)?),
        }
    }
}

/// Which resource an operation is about.
enum Sought {
    /// None that a policy could name.
    None,
    /// One that is still to be made.
    New,
    Old(Old),
}

/// A resource that is said to exist.
#[derive(Debug, Clone)]
enum Old {
    Portfolio(PortfolioId),
    Product(ProductId),
    ProductNamed(String),
}

impl Sought {
    fn of<O: Operation>(input: &O::Input) -> Self {
        match (O::RESOURCE, O::resource_id(input), O::resource_name(input)) {
            (ResourceKind::Any, _, _) => Self::None,
            (ResourceKind::Portfolio, Some(id), _) => Self::Old(Old::Portfolio(id.into())),
            (ResourceKind::PortfolioOrProduct, Some(id), _) if id.starts_with(PORTFOLIO_PREFIX) => {
                Self::Old(Old::Portfolio(id.into()))
            }
            (_, Some(id), _) => Self::Old(Old::Product(id.into())),
            (_, None, Some(name)) => Self::Old(Old::ProductNamed(name.to_owned())),
            (_, None, None) => Self::New,
        }
    }

    /// The resource where it was not looked up, or not found.
    fn unfound(&self, caller: &Caller) -> Resource {
        let Caller {
            region, account, ..
        } = caller;
        let arn = match self {
            Self::None => None,
            Self::Old(Old::Portfolio(id)) => Some(portfolio_arn(region, account, id)),
            Self::Old(Old::Product(id)) => Some(product_arn(region, account, id)),
            Self::New | Self::Old(Old::ProductNamed(_)) => {
                let partition = partition_of(region);
                Some(format!("arn:{partition}:catalog:{region}:{account}:*"))
            }
        };
        Resource {
            arn,
            account: account.clone(),
            tags: Vec::new(),
        }
    }
}

/// A resource as policies see it.
#[derive(Debug)]
struct Resource {
    arn: Option<String>,
    account: AccountId,
    tags: Vec<Tag>,
}

/// Finds what the caller's account can see under an id or a name.
struct Find {
    scope: AuthScope,
    old: Old,
}

impl Work for Find {
    type Output = Vec<Resource>;
    type Error = Stop;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Vec<Resource>, Stop> {
        let products = match &self.old {
            Old::Portfolio(id) => {
                let portfolio = tx.find_visible_portfolio(&self.scope, id).await?;
                let resource = portfolio.map(|portfolio| Resource {
                    arn: Some(portfolio_arn(
                        &portfolio.region,
                        &portfolio.account,
                        &portfolio.id,
                    )),
                    account: portfolio.account,
                    tags: portfolio.tags,
                });
                return Ok(resource.into_iter().collect());
            }
            Old::Product(id) => {
                let product = tx.find_visible_product(&self.scope, id).await?;
                product.into_iter().collect()
            }
            Old::ProductNamed(name) => tx.visible_products_named(&self.scope, name).await?,
        };
        let resource = |found: mimeo_store::FoundProduct| Resource {
            arn: Some(product_arn(
                &found.product.region,
                &found.product.account,
                &found.product.id,
            )),
            account: found.product.account,
            tags: found.product.tags,
        };
        Ok(products.into_iter().map(resource).collect())
    }
}

/// What conditions may ask about one request.
struct Asked<'a> {
    grant: &'a Grant,
    caller: &'a Caller,
    now: Timestamp,
    resource: &'a Resource,
    request_tags: &'a [mimeo_api::Tag],
    has_access_levels: bool,
}

impl Context for Asked<'_> {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        let seconds = self.now.millis().div_euclid(1000);
        match key {
            "aws:requestedregion" => Some(Values::one(self.caller.region.as_str())),
            "aws:currenttime" => iso8601(self.now).map(Values::one),
            "aws:epochtime" => Some(Values::one(seconds.to_string())),
            "aws:resourceaccount" => Some(Values::one(self.resource.account.as_str())),
            "aws:tagkeys" => Some(Values::Many(
                self.request_tags
                    .iter()
                    .map(|tag| Cow::Borrowed(tag.key.as_str()))
                    .collect(),
            )),
            "servicecatalog:accountlevel"
            | "servicecatalog:rolelevel"
            | "servicecatalog:userlevel" => self.has_access_levels.then(|| Values::one("self")),
            _ => {
                if let Some(name) = key.strip_prefix("aws:requesttag/") {
                    let of_name = |tag: &&mimeo_api::Tag| tag.key.eq_ignore_ascii_case(name);
                    let tag = self.request_tags.iter().find(of_name)?;
                    return Some(Values::one(tag.value.as_str()));
                }
                if let Some(name) = key.strip_prefix("aws:resourcetag/") {
                    let of_name = |tag: &&Tag| tag.key.eq_ignore_ascii_case(name);
                    let tag = self.resource.tags.iter().find(of_name)?;
                    return Some(Values::one(tag.value.as_str()));
                }
                self.grant.facts.values(key)
            }
        }
    }
}

/// An instant as IAM writes it: `2026-01-15T08:00:00Z`.
fn iso8601(time: Timestamp) -> Option<String> {
    let second = time.whole_second().millis().div_euclid(1000);
    let time = jiff::Timestamp::from_second(second).ok()?;
    Some(time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(policies: &[&str], session_policy: Option<&str>) -> Grant {
        let policy = |text: &&str| Arc::new(Policy::parse(text).expect("a policy"));
        Grant {
            policies: policies.iter().map(policy).collect(),
            session_policy: session_policy.as_ref().map(policy),
            facts: Facts::new(),
        }
    }

    const ALL: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    const READ: &str =
        r#"{"Statement":{"Effect":"Allow","Action":"servicecatalog:Describe*","Resource":"*"}}"#;

    #[test]
    fn a_session_may_do_only_what_both_allow() {
        let facts = Facts::new();
        let request = |action| Request {
            action,
            resource: None,
            context: &facts,
        };
        let (read, write) = (
            request("servicecatalog:DescribePortfolio"),
            request("servicecatalog:CreatePortfolio"),
        );
        for (own, session) in [(ALL, READ), (READ, ALL)] {
            let grant = grant(&[own], Some(session));
            assert_eq!(grant.decide(&read), Ok(()));
            assert_eq!(grant.decide(&write), Err(Reason::NothingAllows));
        }
        let narrowed = grant(&[ALL], Some(READ)).check("u", "*", &write);
        let told = narrowed.expect_err("denied").to_string();
        assert!(
            told.ends_with(
                "because no session policy allows the servicecatalog:CreatePortfolio action"
            ),
            "{told}"
        );
    }

    #[test]
    fn an_instant_is_told_as_iam_has_it() {
        let time = Timestamp::from_millis(1_768_464_000_123);
        assert_eq!(iso8601(time).as_deref(), Some("2026-01-15T08:00:00Z"));
    }
}
