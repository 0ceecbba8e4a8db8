//! Three words for what goes wrong: rejection, refusal, failure; and how each is told.

use mimeo_api::{ErrorCode, Protocol};
use mimeo_domain::Refusal;
use mimeo_store::StoreError;
use mimeo_templates::shelf::ShelfError;
use serde::Serialize;

use crate::authorize::Denied;
use crate::language::Language;
use crate::source::SourceError;

/// Turned away at the door, before the catalogue was asked: AWS's common errors, which the service
/// model does not declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

impl Rejection {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code,
            message: message.into(),
        }
    }

    pub fn throttled(message: impl Into<String>) -> Self {
        Self::new("ThrottlingException", message)
    }
}

/// We broke. The chain goes to the log under the request id; the caller gets the id only.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    #[error(transparent)]
    Source(SourceError),
    #[error("{0}")]
    Bug(String),
}

/// Why an operation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    #[error(transparent)]
    Refusal(#[from] Refusal),
    #[error(transparent)]
    Failure(#[from] Failure),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("{0} is not implemented by Mimeo yet")]
    NotYet(&'static str),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failure(Failure::Store(error))
    }
}

impl From<ShelfError> for Stop {
    fn from(error: ShelfError) -> Self {
        Self::Failure(Failure::Shelf(error))
    }
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Store(error) => error.into(),
            SourceError::Shelf(error) => error.into(),
            SourceError::Away(_) => Self::Failure(Failure::Source(error)),
        }
    }
}

/// What our own API may answer, beyond what stands in [`Stop`] itself.
const OURS: &[ErrorCode] = &[
    ErrorCode::InvalidParameters,
    ErrorCode::InvalidState,
    ErrorCode::LimitExceeded,
    ErrorCode::ResourceNotFound,
];

/// An error as the wire has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub status: u16,
    pub code: &'static str,
    message: String,
    member: MessageMember,
}

/// Modelled errors and denials spell it `Message`, as recorded answers show; the front end's spell it `message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MessageMember {
    Capital,
    Small,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "__type")]
    code: &'a str,
    #[serde(rename = "Message", skip_serializing_if = "Option::is_none")]
    capital: Option<&'a str>,
    #[serde(rename = "message", skip_serializing_if = "Option::is_none")]
    small: Option<&'a str>,
}

impl Told {
    pub(crate) fn body(&self, protocol: Protocol) -> Vec<u8> {
        let message = |member| (self.member == member).then_some(self.message.as_str());
        let (capital, small) = (
            message(MessageMember::Capital),
            message(MessageMember::Small),
        );
        mimeo_api::encode(
            protocol,
            &Body {
                code: self.code,
                capital,
                small,
            },
        )
    }
}

impl Told {
    /// Tells a stop as our own API does: in English, as a rejection whose status says what it is.
    pub(crate) fn ours(stop: &Stop) -> Rejection {
        let told = Self::stop(stop, OURS, Language::English);
        Rejection {
            status: told.status,
            code: told.code,
            message: told.message,
        }
    }
}

impl From<&Rejection> for Told {
    fn from(rejection: &Rejection) -> Self {
        Self {
            status: rejection.status,
            code: rejection.code,
            message: rejection.message.clone(),
            member: MessageMember::Small,
        }
    }
}

impl Told {
    /// Tells a stop in the codes that `declared` lists. Where a quota's own code is not among them,
    /// it is told as a bad parameter (AWS's UpdateProduct lists no LimitExceededException).
    pub(crate) fn stop(stop: &Stop, declared: &[ErrorCode], language: Language) -> Self {
        let front = |status, code, message: &str| Self {
            status,
            code,
            message: message.to_owned(),
            member: MessageMember::Small,
        };
        match stop {
            Stop::Refusal(refusal) => match code(refusal) {
                Code::Modelled(code) => Self {
                    status: 400,
                    code: listed(code, declared).name(),
                    message: language.refusal(refusal),
                    member: MessageMember::Capital,
                },
                Code::Throttling => front(400, "ThrottlingException", &language.refusal(refusal)),
            },
            Stop::Denied(denied) => Self {
                status: 400,
                code: "AccessDeniedException",
                message: denied.to_string(),
                member: MessageMember::Capital,
            },
            Stop::NotYet(_) => front(501, "NotImplementedException", &stop.to_string()),
            Stop::Failure(Failure::Store(StoreError::Overloaded | StoreError::Conflict)) => {
                front(400, "ThrottlingException", "Rate exceeded")
            }
            Stop::Failure(Failure::Store(StoreError::Full) | Failure::Shelf(ShelfError::Full)) => {
                front(
                    503,
                    "ServiceUnavailableException",
                    "The service has no room left on its disk. Nothing was changed. Try again later.",
                )
            }
            Stop::Failure(
                Failure::Store(StoreError::Unavailable | StoreError::Unknown)
                | Failure::Shelf(ShelfError::Away { .. })
                | Failure::Source(_),
            ) => front(
                503,
                "ServiceUnavailableException",
                "The service cannot take this request now. Try again later.",
            ),
            Stop::Failure(Failure::Store(_) | Failure::Shelf(_) | Failure::Bug(_)) => front(
                500,
                "InternalFailure",
                "Internal failure. The log tells more under this request's id.",
            ),
        }
    }
}

fn listed(code: ErrorCode, declared: &[ErrorCode]) -> ErrorCode {
    if code == ErrorCode::LimitExceeded && !declared.contains(&code) {
        return ErrorCode::InvalidParameters;
    }
    debug_assert!(
        declared.contains(&code),
        "the model does not declare {}",
        code.name()
    );
    code
}

/// How a refusal is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Modelled(ErrorCode),
    Throttling,
}

macro_rules! codes {
    ($($code:ident $(($modelled:ident))?: $($refusal:ident)+;)+) => {
        /// The code of every refusal; dispatch asserts that the model declares it for the operation.
        pub(crate) fn code(refusal: &Refusal) -> Code {
            match refusal {
                $($(Refusal::$refusal { .. })|+ => Code::$code $((ErrorCode::$modelled))?,)+
            }
        }
    };
}

// A line or more for each family, in the order of `Refusal`. A refusal that stands nowhere does not
// compile. NoSuchUpload is a bad parameter as CreateProduct declares no ResourceNotFoundException: an
// upload is a template URL like others.
codes! {
    Modelled(ResourceNotFound):
        NoSuchProduct NoSuchProductNamed NoSuchArtifact NoSuchArtifactNamed NoSuchPortfolio
        NoSuchShare NoShareToAccept NotAssociated NoSuchCopy
        NoSuchPrincipal
        NoSuchConstraint
        NoSuchTagOption NoSuchResource TagOptionNotAssociated
        BudgetNotAssociated
        NoSuchServiceAction ServiceActionNotAssociated
        NoLaunchPaths NoVisibleProductNamed
        NoSuchNode NoSuchShareOperation LeaveOrganizationShare;
    Modelled(InvalidParameters):
        SeveralProductsNamed SeveralArtifactsNamed NoSuchUpload UploadName ExactlyOneOf
        NotAWebAddress ArtifactInfo NoArtifactParameters SourceConnection PhysicalId InvalidTemplate
        TemplateUrl MarketplaceProduct ArtifactTypeMismatch NotAProductArn NoArtifactIdentifier
        CopyTypeMismatch TagKeyTwice TagKeyReserved PageToken TokenReused ShareWithOwner
        ShareOfForeignProducts SharedWithYou SharePrincipalsWithAccount
        NotAPrincipalArn SessionPrincipal PrincipalOfAnotherAccount NotAPrincipalPattern
        NoSuchConstraintType ConstraintParameters LaunchAndStackSet
        NotAResourceType
        ServiceActionDefinition
        SeveralLaunchPaths InvalidPathId InvalidPathName PathTwice
        TemplateAbsent NoLaunchRole
        HalfANode NotANode;
    Modelled(OperationNotSupported):
        NoOrganization NotAdministrator NotManagementAccount;
    Modelled(InvalidState):
        OrganizationsAccessDisabled DelegatesRegistered
        CopyEnded CopyNotFailed;
    Modelled(DuplicateResource):
        ConstraintExists
        TagOptionAssociated SameTagOption
        BudgetAssociated
        ServiceActionAssociated;
    Modelled(ResourceInUse):
        ProductHolds ArtifactHolds PortfolioHolds LastArtifact
        ProductConstrained
        TagOptionInUse
        ServiceActionInUse;
    Modelled(LimitExceeded):
        TooManyProducts TooManyPortfolios TooManyProductsInPortfolio TooManyArtifacts TooManyShares
        TooManyTags TooManyUploads
        TooManyPrincipals TooManyPatterns TooManyPrincipalsOfProduct
        TooManyConstraints
        TooManyTagOptionValues TooManyTagOptions
        TooManyBudgets
        TooManyServiceActions TooManyServiceActionsOfArtifact;
    Throttling:
        TooManyCopies;
}
