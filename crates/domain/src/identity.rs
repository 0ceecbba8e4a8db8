//! Who asks, and where: accounts, Regions, callers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::arn::partition_of;

/// An account: exactly twelve digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(String);

/// A Region name of AWS's form, such as `eu-west-1` or `us-gov-east-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegionName(String);

/// The text is not of the form that the named thing has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {form}")]
pub struct Malformed {
    pub text: String,
    pub form: &'static str,
}

/// The account, identity and Region that a request was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    pub account: AccountId,
    /// The ARN of the user or session, as AWS prints it in `AccessDeniedException`.
    pub principal: String,
    pub region: RegionName,
    #[serde(default)]
    pub standing: Standing,
    /// What the caller's session was narrowed to, as JSON: other servers that are asked for it must
    /// hold to that too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_policy: Option<String>,
}

/// As whom a caller stands before the principals of portfolios.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// The account's root user, who is no principal of any portfolio.
    #[default]
    Root,
    /// Open mode's bare account: whichever principal of the account there is. Ours.
    Anyone,
    /// A user and its groups, or the role of a session: their IAM ARNs, with paths.
    As(Vec<String>),
}

impl Caller {
    /// The root user of an account.
    pub fn root(account: AccountId, region: RegionName) -> Self {
        Self {
            principal: format!("arn:{}:iam::{account}:root", partition_of(&region)),
            account,
            region,
            standing: Standing::Root,
            session_policy: None,
        }
    }
}

/// Longer names are no Region's; the limit keeps unknown Regions from filling memory.
const REGION_LENGTH_MAX: usize = 32;

impl FromStr for AccountId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let well_formed = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        well_formed
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Malformed {
                text: text.to_owned(),
                form: "an account: twelve digits",
            })
    }
}

impl FromStr for RegionName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        is_region(text)
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Malformed {
                text: text.to_owned(),
                form: "a Region name such as eu-west-1",
            })
    }
}

/// Two to four lower-case words and a number, joined by hyphens.
fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else {
        return false;
    };
    let number_fits =
        (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |word: &str| {
        (2..=12).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    text.len() <= REGION_LENGTH_MAX
        && number_fits
        && (2..=4).contains(&words.split('-').count())
        && words.split('-').all(is_word)
}

impl AccountId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RegionName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RegionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_twelve_digits_and_nothing_else() {
        assert!("123456789012".parse::<AccountId>().is_ok());
        for text in [
            "",
            "12345678901",
            "1234567890123",
            "12345678901a",
            "１２３４５６７８９０１２",
        ] {
            assert!(text.parse::<AccountId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_region_has_the_form_of_the_real_ones() {
        for text in [
            "us-east-1",
            "eu-central-2",
            "us-gov-west-1",
            "us-iso-east-1",
            "ap-south-10",
        ] {
            assert!(text.parse::<RegionName>().is_ok(), "{text}");
        }
        for text in [
            "",
            "us",
            "us-1",
            "useast1",
            "US-EAST-1",
            "us-east-1/x",
            "us--1",
            "a-b-c-d-e-1",
        ] {
            assert!(text.parse::<RegionName>().is_err(), "{text}");
        }
    }
}
