//! Why a request is not authenticated, in AWS's codes and words.

use crate::date::AmzDate;

/// Why a request is not authenticated.
///
/// `Display` is the message for the client, in AWS's own words where AWS has words. No variant
/// holds a secret, a token or a signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no `Authorization` header.
    #[error("Missing Authentication Token")]
    NoAuthorization,
    /// The query holds a signature. Presigned requests are not spoken here.
    #[error(
        "Missing Authentication Token. The signature belongs in the Authorization header, not in the query."
    )]
    SignedInQuery,
    /// `Authorization` names another algorithm or scheme.
    #[error("Unsupported AWS 'algorithm' (only AWS4-HMAC-SHA256 for now).")]
    Algorithm,
    /// Parts of the signature are missing; one sentence each.
    #[error("{}", .0.join(" "))]
    Incomplete(Vec<&'static str>),
    /// A part of the signature is there but cannot be read.
    #[error("{0}")]
    Malformed(&'static str),
    /// A part of the head is longer than this server reads.
    #[error("{part} is longer than {limit}.")]
    TooLong {
        /// The part, such as `Authorization header`.
        part: &'static str,
        /// The limit with its unit, such as `8192 bytes`.
        limit: &'static str,
    },
    /// A header that must be unique came more than once.
    #[error("The header '{0}' must not be repeated.")]
    Repeated(&'static str),
    /// `Host` came unsigned, or not at all.
    #[error("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")]
    HostUnsigned,
    /// A header that decides what is done came unsigned.
    #[error("'{0}' must be a 'SignedHeader' in the AWS Authorization.")]
    Unsigned(String),
    /// `SignedHeaders` names a header that did not come.
    #[error("The signed header '{0}' is not in the request.")]
    Absent(String),
    /// The day of the scope is not the day of the signature.
    #[error(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{day}', from '{signed_at}'."
    )]
    ScopeDate {
        /// The day in the credential scope.
        scope: String,
        /// The day of the date header.
        day: String,
        /// The date header.
        signed_at: AmzDate,
    },
    /// The scope names no Region that is served. Callers with a list of Regions use it too.
    #[error("Credential should be scoped to a valid region.")]
    ScopeRegion,
    /// The scope names another service.
    #[error("Credential should be scoped to correct service: '{0}'.")]
    ScopeService(String),
    /// The scope does not end as it must.
    #[error("Credential should be scoped with a valid terminator: 'aws4_request'.")]
    ScopeTerminator,
    /// Signed too long ago.
    #[error("Signature expired: {signed_at} is now earlier than {limit} ({now} - {minutes} min.)")]
    Expired {
        /// When the client says it signed.
        signed_at: AmzDate,
        /// The earliest time that is accepted now.
        limit: AmzDate,
        /// The server's time.
        now: AmzDate,
        /// The permitted skew.
        minutes: u32,
    },
    /// Signed in the future.
    #[error(
        "Signature not yet current: {signed_at} is still later than {limit} ({now} + {minutes} min.)"
    )]
    NotYetCurrent {
        /// When the client says it signed.
        signed_at: AmzDate,
        /// The latest time that is accepted now.
        limit: AmzDate,
        /// The server's time.
        now: AmzDate,
        /// The permitted skew.
        minutes: u32,
    },
    /// `X-Amz-Content-Sha256` is not the hash of the body, or not a hash at all.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    BodyHash,
    /// The signature is not the one that we calculate.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
    /// No such access key, or its session token is not its own. For callers.
    #[error("The security token included in the request is invalid.")]
    UnrecognizedClient,
    /// The session token is past its time. For callers.
    #[error("The security token included in the request is expired")]
    ExpiredToken,
    /// Another server vouches for a caller that this one does not have. For callers.
    #[error("The caller that the other server vouches for is not known here.")]
    NotKnownHere,
}

impl Refused {
    /// AWS's code, as sent in `__type`. The HTTP status is 400 for each.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAuthorization | Self::SignedInQuery => "MissingAuthenticationTokenException",
            Self::Algorithm | Self::Incomplete(_) | Self::Malformed(_) | Self::TooLong { .. } => {
                "IncompleteSignatureException"
            }
            // SDKs set their clock right and try again upon this code.
            Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::Repeated(_)
            | Self::HostUnsigned
            | Self::Unsigned(_)
            | Self::Absent(_)
            | Self::ScopeDate { .. }
            | Self::ScopeRegion
            | Self::ScopeService(_)
            | Self::ScopeTerminator
            | Self::BodyHash
            | Self::Mismatch => "InvalidSignatureException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::NotKnownHere => "AccessDeniedException",
        }
    }
}
