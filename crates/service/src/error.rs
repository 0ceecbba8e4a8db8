//! Three words for what goes wrong: rejection, refusal, failure; and how each is told.

use mimeo_api::{ErrorCode, Protocol};
use mimeo_domain::Refusal;
use mimeo_store::StoreError;
use mimeo_templates::shelf::ShelfError;
use serde::Serialize;

use crate::authorize::Denied;
use crate::language::Language;

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
            Stop::Failure(Failure::Store(StoreError::Unavailable | StoreError::Unknown)) => front(
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

/// The code of every refusal; dispatch asserts that the model declares it for the operation.
pub(crate) fn code(refusal: &Refusal) -> Code {
    use Refusal as R;
    Code::Modelled(match refusal {
        R::NoSuchProduct(_)
        | R::NoSuchProductNamed(_)
        | R::NoSuchArtifact(_)
        | R::NoSuchArtifactNamed(_)
        | R::NoSuchPortfolio(_)
        | R::NoSuchServiceAction(_)
        | R::ServiceActionNotAssociated { .. }
        | R::NoSuchConstraint(_)
        | R::NoSuchShare { .. }
        | R::NoShareToAccept(_)
        | R::NotAssociated { .. }
        | R::NoSuchTagOption(_)
        | R::NoSuchResource(_)
        | R::TagOptionNotAssociated { .. }
        | R::BudgetNotAssociated { .. }
        | R::NoSuchCopy(_)
        | R::NoSuchPrincipal { .. }
        | R::NoLaunchPaths(_)
        | R::NoVisibleProductNamed(_)
        | R::NoSuchNode(_)
        | R::NoSuchShareOperation(_)
        | R::LeaveOrganizationShare(_) => ErrorCode::ResourceNotFound,
        R::SeveralProductsNamed(_)
        | R::SeveralArtifactsNamed(_)
        | R::ExactlyOneOf(_)
        | R::NotAWebAddress { .. }
        | R::ArtifactInfo
        | R::NoArtifactParameters
        | R::SourceConnection
        | R::PhysicalId
        | R::InvalidTemplate(_)
        | R::TemplateUrl(_)
        // CreateProduct declares no ResourceNotFoundException: an upload is a template URL like others.
        | R::NoSuchUpload(_)
        | R::MarketplaceProduct
        | R::ArtifactTypeMismatch { .. }
        | R::NotAProductArn(_)
        | R::NoArtifactIdentifier
        | R::CopyTypeMismatch { .. }
        | R::ServiceActionDefinition(_)
        | R::NoSuchConstraintType(_)
        | R::ConstraintParameters { .. }
        | R::LaunchAndStackSet { .. }
        | R::TemplateAbsent(_)
        | R::NoLaunchRole
        | R::NotAResourceType(_)
        | R::TagKeyTwice(_)
        | R::TagKeyReserved(_)
        | R::PageToken
        | R::TokenReused
        | R::ShareWithOwner(_)
        | R::ShareOfForeignProducts(_)
        | R::SharedWithYou(_)
        | R::UploadName(_)
        | R::SharePrincipalsWithAccount
        | R::NotAPrincipalArn(_)
        | R::SessionPrincipal(_)
        | R::PrincipalOfAnotherAccount { .. }
        | R::NotAPrincipalPattern(_)
        | R::SeveralLaunchPaths
        | R::InvalidPathId(_)
        | R::InvalidPathName(_)
        | R::PathTwice
        | R::HalfANode
        | R::NotANode { .. } => ErrorCode::InvalidParameters,
        R::NoOrganization | R::NotAdministrator(_) | R::NotManagementAccount(_) => {
            ErrorCode::OperationNotSupported
        }
        R::OrganizationsAccessDisabled | R::DelegatesRegistered { .. } => ErrorCode::InvalidState,
        R::ServiceActionAssociated { .. }
        | R::ConstraintExists { .. }
        | R::TagOptionAssociated { .. }
        | R::SameTagOption { .. }
        | R::BudgetAssociated { .. } => ErrorCode::DuplicateResource,
        R::ProductHolds { .. }
        | R::ArtifactHolds(_)
        | R::ServiceActionInUse { .. }
        | R::ProductConstrained { .. }
        | R::TagOptionInUse(_)
        | R::PortfolioHolds { .. }
        | R::LastArtifact(_) => ErrorCode::ResourceInUse,
        R::TooManyProducts { .. }
        | R::TooManyPortfolios { .. }
        | R::TooManyProductsInPortfolio { .. }
        | R::TooManyArtifacts { .. }
        | R::TooManyServiceActions { .. }
        | R::TooManyServiceActionsOfArtifact { .. }
        | R::TooManyShares { .. }
        | R::TooManyConstraints { .. }
        | R::TooManyTagOptionValues { .. }
        | R::TooManyTagOptions { .. }
        | R::TooManyBudgets { .. }
        | R::TooManyTags { .. }
        | R::TooManyUploads { .. }
        | R::TooManyPrincipals { .. }
        | R::TooManyPatterns { .. }
        | R::TooManyPrincipalsOfProduct { .. } => ErrorCode::LimitExceeded,
        R::TooManyCopies { .. } => return Code::Throttling,
    })
}
