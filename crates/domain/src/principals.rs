//! Portfolio principals: who may see and launch what stands in a portfolio.

use serde::{Deserialize, Serialize};

use crate::{AccountId, Arn, PortfolioId, ProductId, Refusal, Standing};

/// One principal of a portfolio. In lists `IAM` comes before patterns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Principal {
    pub kind: Kind,
    /// Of a user, group or role; or the pattern, which has no account.
    pub arn: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// `IAM`: exactly this user, group or role.
    Iam,
    /// `IAM_PATTERN`: whichever ones, of each account in which it is in force, fit.
    Pattern,
}

/// The kinds of identities that can be principals, as their ARNs spell them.
const TYPES: [&str; 3] = ["role", "user", "group"];

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Iam => "IAM",
            Self::Pattern => "IAM_PATTERN",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Iam, Self::Pattern]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

impl Principal {
    /// A principal that `account` may associate.
    ///
    /// AWS asks that an `IAM` principal exists, which it can only in the caller's own account; ours:
    /// the ARN must be of that account, whether or not the server knows its users and roles.
    pub fn new(kind: Kind, arn: &str, account: &AccountId) -> Result<Self, Refusal> {
        match kind {
            Kind::Iam => identity(arn, account)?,
            Kind::Pattern => pattern(arn)?,
        }
        let arn = arn.to_owned();
        Ok(Self { kind, arn })
    }

    /// Whether somebody of an account in which this principal is in force is meant by it.
    pub fn means(&self, standing: &Standing) -> bool {
        match (standing, self.kind) {
            (Standing::Root, _) => false,
            (Standing::Anyone, _) => true,
            (Standing::As(arns), Kind::Iam) => arns.contains(&self.arn),
            (Standing::As(arns), Kind::Pattern) => arns.iter().any(|arn| fits(&self.arn, arn)),
        }
    }
}

fn identity(arn: &str, account: &AccountId) -> Result<(), Refusal> {
    let not_one = || Refusal::NotAPrincipalArn(arn.to_owned());
    let Some(parsed) = Arn::parse(arn).filter(is_iam_in_a_partition) else {
        let is_session = arn.contains(":sts:") && arn.contains(":assumed-role/");
        let session = is_session.then(|| Refusal::SessionPrincipal(arn.to_owned()));
        return Err(session.unwrap_or_else(not_one));
    };
    let has_name = typed(parsed.resource).is_some_and(|name| !name.ends_with('/'));
    if !has_name || !is_printable(arn) || arn.contains(['*', '?']) {
        return Err(not_one());
    }
    if parsed.account != account.as_str() {
        return Err(Refusal::PrincipalOfAnotherAccount {
            arn: arn.to_owned(),
            account: account.clone(),
        });
    }
    Ok(())
}

fn pattern(arn: &str) -> Result<(), Refusal> {
    let parsed = Arn::parse(arn).filter(is_iam_in_a_partition);
    let is_pattern = parsed.is_some_and(|parsed| {
        parsed.account.is_empty() && typed(parsed.resource).is_some() && is_printable(arn)
    });
    is_pattern
        .then_some(())
        .ok_or_else(|| Refusal::NotAPrincipalPattern(arn.to_owned()))
}

fn is_iam_in_a_partition(arn: &Arn<'_>) -> bool {
    let partition = arn.partition;
    let is_named = partition == "aws" || partition.starts_with("aws-");
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    is_named && partition.bytes().all(is_plain) && arn.service == "iam" && arn.region.is_empty()
}

/// Path and name, after one of the types.
fn typed(resource: &str) -> Option<&str> {
    let (kind, name) = resource.split_once('/')?;
    (TYPES.contains(&kind) && !name.is_empty()).then_some(name)
}

/// IAM's paths hold any printable character of ASCII.
fn is_printable(arn: &str) -> bool {
    arn.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether an identity's ARN fits a pattern: all but the account agrees, `*` standing for any run
/// of characters (`/` too) and `?` for one or none.
fn fits(pattern: &str, arn: &str) -> bool {
    let (Some(pattern), Some(arn)) = (Arn::parse(pattern), Arn::parse(arn)) else {
        return false;
    };
    pattern.partition == arn.partition
        && pattern.service == arn.service
        && pattern.region == arn.region
        && stands_for(pattern.resource, arn.resource)
}

/// Reads the pattern once. `reached` has a bit for each place of the text up to which the part of
/// the pattern read so far can stand for it, so each character costs a word for 64 places.
fn stands_for(pattern: &str, text: &str) -> bool {
    let words_count = text.len() / 64 + 1;
    let mut places = vec![0_u64; 128 * words_count];
    for (place, byte) in text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii()) {
        places[usize::from(byte) * words_count + place / 64] |= 1 << (place % 64);
    }
    let mut reached = vec![0_u64; words_count];
    reached[0] = 1;
    for byte in pattern.bytes() {
        match byte {
            b'*' => reach_on(&mut reached),
            b'?' => {
                let before = reached.clone();
                step(&mut reached);
                reached
                    .iter_mut()
                    .zip(before)
                    .for_each(|(to, from)| *to |= from);
            }
            _ if byte.is_ascii() => {
                let at = usize::from(byte) * words_count;
                let here = &places[at..at + words_count];
                reached.iter_mut().zip(here).for_each(|(to, at)| *to &= at);
                step(&mut reached);
            }
            _ => return false,
        }
    }
    reached[text.len() / 64] >> (text.len() % 64) & 1 == 1
}

/// Moves every place on by one.
fn step(reached: &mut [u64]) {
    let mut carried = 0;
    for word in reached {
        (*word, carried) = (*word << 1 | carried, *word >> 63);
    }
}

/// Reaches all places from the first one on.
fn reach_on(reached: &mut [u64]) {
    let mut words = reached.iter_mut().skip_while(|word| **word == 0);
    if let Some(first) = words.next() {
        *first |= u64::MAX << first.trailing_zeros();
        words.for_each(|word| *word = u64::MAX);
    }
}

/// What a portfolio has by way of an account's principals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub principals: u64,
    pub patterns: u64,
}

/// `after` counts the new one.
pub fn room_in_portfolio(
    portfolio: &PortfolioId,
    after: Counts,
    most: Counts,
) -> Result<(), Refusal> {
    let portfolio = portfolio.clone();
    if after.principals > most.principals {
        return Err(Refusal::TooManyPrincipals {
            portfolio,
            principals_max: most.principals,
        });
    }
    if after.patterns > most.patterns {
        return Err(Refusal::TooManyPatterns {
            portfolio,
            patterns_max: most.patterns,
        });
    }
    Ok(())
}

/// `after` counts the new one, over all portfolios that hold the product.
pub fn room_on_product(
    product: &ProductId,
    after: u64,
    principals_max: u64,
) -> Result<(), Refusal> {
    if after > principals_max {
        return Err(Refusal::TooManyPrincipalsOfProduct {
            product: product.clone(),
            principals_max,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SSO: &str = "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/eu-west-1/\
                       AWSReservedSSO_Developers_1f2e3d4c5b6a7988";

    fn account() -> AccountId {
        "111111111111".parse().expect("an account")
    }

    fn refused(kind: Kind, arn: &str) -> String {
        let refusal = Principal::new(kind, arn, &account()).expect_err(arn);
        refusal.to_string()
    }

    #[test]
    fn users_groups_and_roles_of_the_account_are_principals() {
        for arn in [
            "arn:aws:iam::111111111111:user/jane",
            "arn:aws-cn:iam::111111111111:group/team/devs",
            SSO,
        ] {
            let principal = Principal::new(Kind::Iam, arn, &account()).expect(arn);
            assert!(principal.means(&Standing::As(vec!["x".into(), arn.into()])));
            assert!(!principal.means(&Standing::As(vec![format!("{arn}2")])));
            assert!(!principal.means(&Standing::Root));
            assert!(principal.means(&Standing::Anyone));
        }
    }

    #[test]
    fn whatever_else_is_refused_with_the_rule() {
        for arn in [
            "",
            "jane",
            "arn:aws:iam::111111111111:root",
            "arn:aws:iam::111111111111:user/",
            "arn:aws:iam::111111111111:role/path/",
            "arn:aws:iam::111111111111:policy/x",
            "arn:aws:iam::111111111111:role/a*",
            "arn:aws:iam::111111111111:role/a b",
            "arn:aws:iam::111111111111:role/\0",
            "arn:aws:iam:eu-west-1:111111111111:role/a",
            "arn:gcp:iam::111111111111:role/a",
            "arn:aws:s3:::bucket",
        ] {
            let said = refused(Kind::Iam, arn);
            assert!(
                said.contains("is not the ARN of a user, group or role"),
                "{said}"
            );
        }
        let session = "arn:aws:sts::111111111111:assumed-role/Dev/jane";
        assert!(refused(Kind::Iam, session).contains("Give the ARN of its role"));
        for other in [
            "arn:aws:iam::222222222222:role/a",
            "arn:aws:iam:::role/a",
            "arn:aws:iam::aws:role/a",
        ] {
            assert!(refused(Kind::Iam, other).contains("is not of account 111111111111"));
        }
    }

    #[test]
    fn a_pattern_has_a_type_and_no_account() {
        for arn in [
            "arn:aws:iam:::role/*",
            "arn:aws:iam:::user/team/j?ne",
            "arn:aws-us-gov:iam:::group/devs",
        ] {
            Principal::new(Kind::Pattern, arn, &account()).expect(arn);
        }
        for arn in [
            "arn:aws:iam::111111111111:role/*",
            "arn:aws:iam:::*",
            "arn:aws:iam:::*/name",
            "arn:aws:iam:::rol?/name",
            "arn:aws:iam:::role/",
            "arn:aws:iam:::role",
            "arn:*:iam:::role/a",
            "arn:aws:iam:::role/é",
            "arn:aws:iam:*::role/a",
        ] {
            assert!(
                refused(Kind::Pattern, arn).contains("is not a pattern"),
                "{arn}"
            );
        }
    }

    #[test]
    fn wildcards_stand_for_what_aws_says() {
        let role = |name: &str| format!("arn:aws:iam::111111111111:role/{name}");
        for (pattern, name, agrees) in [
            ("role/*", "a/b/c", true),
            ("role/dev*", "Dev", false),
            ("role/dev?", "dev", true),
            ("role/dev?", "dev1", true),
            ("role/dev?", "dev12", false),
            ("role/*/ops_?", "team/ops_1", true),
            ("role/*/ops_?", "ops_1", false),
            ("role/ops", "team/ops", false),
            ("user/*", "a", false),
        ] {
            let pattern = format!("arn:aws:iam:::{pattern}");
            assert_eq!(fits(&pattern, &role(name)), agrees, "{pattern} {name}");
        }
        let sso = "arn:aws:iam:::role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Developers_*";
        assert!(fits(sso, SSO));
        assert!(!fits(&sso.replace("arn:aws:", "arn:aws-cn:"), SSO));
        assert!(!fits(
            sso,
            "arn:aws:iam::111111111111:role/AWSReservedSSO_Developers_1"
        ));
    }

    /// The rule as one would write it down, which takes exponential time.
    fn plainly(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, _) => text.is_empty(),
            (Some((b'*' | b'?', rest)), None) => plainly(rest, text),
            (Some((b'*', rest)), Some((_, after))) => {
                plainly(rest, text) || plainly(pattern, after)
            }
            (Some((b'?', rest)), Some((_, after))) => plainly(rest, text) || plainly(rest, after),
            (Some((one, rest)), Some((other, after))) => one == other && plainly(rest, after),
            (Some(_), None) => false,
        }
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let pattern = "*a?".repeat(330);
        assert!(!stands_for(&pattern, &"b".repeat(2_000)));
        assert!(stands_for(&"?".repeat(999), &"a".repeat(999)));
        assert!(!stands_for(&"?".repeat(999), &"a".repeat(1_000)));
    }

    proptest! {
        #[test]
        fn patterns_stand_for_what_the_plain_rule_says(
            pattern in "[ab/*?]{0,9}", text in "[ab/]{0,9}", lead in 0..130_usize,
        ) {
            let expected = plainly(pattern.as_bytes(), text.as_bytes());
            prop_assert_eq!(stands_for(&pattern, &text), expected);
            // The same across the borders of words.
            let lead = "-".repeat(lead);
            prop_assert_eq!(stands_for(&format!("{lead}{pattern}"), &format!("{lead}{text}")), expected);
        }

        #[test]
        fn a_text_stands_for_itself_and_a_wildcard_in_it_never_narrows(
            text in "[a-z/]{1,200}", at in 0..200_usize, wildcard in "[*?]",
        ) {
            prop_assert!(stands_for(&text, &text));
            let at = at % text.len();
            let (before, after) = (&text[..at], &text[at + 1..]);
            let replaced = format!("{before}{wildcard}{after}");
            let inserted = format!("{before}{wildcard}{}", &text[at..]);
            prop_assert!(stands_for(&replaced, &text));
            prop_assert!(stands_for(&inserted, &text));
        }
    }
}
