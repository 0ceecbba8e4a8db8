//! As whom a peer is asked: as the caller itself at another Mimeo, in a role at AWS.

use std::collections::BTreeSet;
use std::fmt;

use aws_credential_types::Credentials;
use mimeo_domain::{AccountId, Caller};
use mimeo_service::Digests;
use mimeo_templates::fetch::Fetcher;

use crate::role::Assuming;
use crate::there::Trouble;
use crate::wire::Wire;

/// How callers act there.
pub enum Acting {
    /// Another Mimeo takes our word on who calls.
    AsCaller,
    /// AWS lets us assume a role, for callers of some accounts.
    InRole(Box<Role>),
}

impl fmt::Debug for Acting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsCaller => "AsCaller",
            Self::InRole(_) => "InRole(..)",
        })
    }
}

/// A role at AWS, and who may act in it.
#[derive(Debug)]
pub struct Role {
    pub arn: String,
    pub external_id: Option<String>,
    /// The root of STS.
    pub sts_endpoint: url::Url,
    /// What may assume the role.
    pub credentials: Credentials,
    /// Of ours. Nobody else sees anything there.
    pub accounts: BTreeSet<AccountId>,
    /// Reads the URLs of templates: they are users'.
    pub fetcher: Fetcher,
}

#[derive(Debug)]
pub(crate) struct Sessions(How);

#[derive(Debug)]
enum How {
    AsCaller(Wire),
    InRole(Box<Assuming>),
}

impl Sessions {
    pub(crate) fn new(acting: Acting, wire: &Wire) -> Self {
        Self(match acting {
            Acting::AsCaller => How::AsCaller(wire.clone()),
            Acting::InRole(role) => How::InRole(Box::new(Assuming::new(*role, wire))),
        })
    }

    /// Credentials for what this caller wants.
    pub(crate) async fn of(&self, caller: &Caller) -> Result<Credentials, Trouble> {
        match &self.0 {
            How::AsCaller(wire) => {
                let none = || Trouble::Away("there is no key of peers".to_owned());
                wire.home.vouch(caller).ok_or_else(none)
            }
            How::InRole(assuming) => assuming.session(caller).await,
        }
    }

    /// What a version without a digest means there: AWS tells none.
    pub(crate) fn digests(&self) -> Digests {
        match &self.0 {
            How::AsCaller(_) => Digests::Known,
            How::InRole(_) => Digests::ToBeRead,
        }
    }

    /// What reads templates by their URLs; `None` where they are read as kept.
    pub(crate) fn fetcher(&self) -> Option<&Fetcher> {
        match &self.0 {
            How::AsCaller(_) => None,
            How::InRole(assuming) => Some(&assuming.role.fetcher),
        }
    }
}
