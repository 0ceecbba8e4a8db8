//! The AWS Service Catalog API: its shapes, constraints, errors and both of its wire forms.
//!
//! What the service model says is generated into `generated/`; the rules that turn it into decoding,
//! checking and encoding are written here, once, as functions of [`model::Shape`] and [`value::Value`].

#[macro_use]
mod shapes;
mod check;
mod generated;
pub mod model;
mod pattern;
mod read;
mod required;
mod timestamp;
mod transcode;
pub mod value;
mod violation;
mod wire;

use std::fmt::Debug;

use serde::Serialize;

pub use generated::*;
pub use model::InputShape;
pub use required::Required;
pub use timestamp::Timestamp;
pub use transcode::{cbor_of_json, json_of};
pub use violation::{Broken, VALUE_CHARACTERS_MAX, VIOLATIONS_MAX, Violation, Violations};
pub use wire::{NESTING_MAX, Protocol, Refused, decode, encode};

/// What the model says of one operation; its implementors are generated unit structs.
pub trait Operation: Send + Sync + 'static {
    type Input: InputShape;
    type Output: Serialize + Default + Debug + Send + 'static;
    /// As in `X-Amz-Target`: `CopyProduct`.
    const NAME: &'static str;
    /// The IAM action: `servicecatalog:CopyProduct`.
    const ACTION: &'static str;
    /// The resource family, named alike in every crate: `copying`.
    const FAMILY: &'static str;
    /// The errors that the model declares for this operation.
    const ERRORS: &'static [ErrorCode];
    const EFFECT: Effect;
    /// The member with the model's idempotencyToken trait, as sent.
    fn token(input: &Self::Input) -> Option<&str>;
    /// `AcceptLanguage`, where the operation has it.
    fn language(input: &Self::Input) -> Option<&str>;
    /// What policies may name as the resource of this operation.
    const RESOURCE: ResourceKind;
    /// Whether policies may ask for `servicecatalog:userLevel` and its like.
    const HAS_ACCESS_LEVELS: bool;
    /// The id of the resource, as sent; `None` also where the operation makes it.
    fn resource_id(input: &Self::Input) -> Option<&str>;
    /// The name of the resource, as sent, where it may be named instead.
    fn resource_name(input: &Self::Input) -> Option<&str>;
    /// The tags that policies see as `aws:RequestTag`, where there are such.
    fn request_tags(input: &Self::Input) -> Option<&[Tag]>;
}

/// The resource that a policy may name for an operation; see AWS's Service Authorization Reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceKind {
    /// None: the resource is `*`.
    Any,
    Portfolio,
    Product,
    /// The id says which.
    PortfolioOrProduct,
}

/// Whether an operation may change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Reads,
    Writes,
}

/// One operation as data, for tools and tests that walk the whole API.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    pub name: &'static str,
    pub action: &'static str,
    pub family: &'static str,
    pub effect: Effect,
    pub errors: &'static [ErrorCode],
    pub resource: ResourceKind,
    /// The input structure, with its members and their constraints.
    pub input: &'static model::Shape,
}

impl Described {
    const fn of<O: Operation>() -> Self {
        Self {
            name: O::NAME,
            action: O::ACTION,
            family: O::FAMILY,
            effect: O::EFFECT,
            errors: O::ERRORS,
            resource: O::RESOURCE,
            input: O::Input::SHAPE,
        }
    }
}

macro_rules! describe_each {
    ($($operation:ident,)*) => {
        &[$(Described::of::<$operation>()),*]
    };
}

/// Every operation of the API, by name.
pub const OPERATIONS: &[Described] = for_each_operation!(describe_each);

impl ErrorCode {
    /// The name on the wire: `ResourceNotFoundException`.
    pub const fn name(self) -> &'static str {
        self.as_str()
    }
}
