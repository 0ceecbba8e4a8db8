//! Texts of a policy that may hold wildcards and variables, such as `user/${aws:username}/*`.

use std::borrow::Cow;

use crate::context::{Context, Values};
use crate::glob::{self, Case, Glob, Reach, Token, after};

/// Whether `${…}` is a variable; it is in policies of version 2012-10-17.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variables {
    Spoken,
    Unknown,
}

/// What wildcards of a text mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// They reach anywhere: actions, and values of `StringLike`.
    Plain,
    /// A resource. In its first five segments a wildcard stays within its segment, except for a
    /// `*` that ends a segment, which AWS lets go beyond the `:`.
    Resource,
    /// A value of `ArnLike`: six segments, matched one by one.
    Arn,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(Box<str>),
    One,
    Many,
    Variable {
        key: Box<str>,
        default: Option<Box<str>>,
    },
}

/// A text that is compared as it stands: `*` and `?` mean themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text(Box<[Part]>);

/// A text with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    Fixed(Glob),
    /// With variables, so that it is put together for each request.
    Varying(Form, Box<[Part]>),
    /// No ARN has this form.
    Nothing,
}

impl Text {
    /// Tells what is wrong with a variable.
    pub(crate) fn parse(text: &str, variables: Variables) -> Result<Self, String> {
        Ok(Self(split(text, variables, false)?.into()))
    }

    /// Whether `given` is this text; not if a variable has no value.
    pub(crate) fn equals(&self, given: &str, case: Case, context: &dyn Context) -> bool {
        let rest = self.0.iter().try_fold(given, |rest, part| match part {
            Part::Literal(literal) => after(rest, literal, case),
            Part::Variable { key, default } => {
                after(rest, &resolve(context, key, default.as_deref())?, case)
            }
            // Wildcards are not split off texts.
            Part::One | Part::Many => None,
        });
        rest == Some("")
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        keys(&self.0)
    }
}

impl Pattern {
    /// Tells what is wrong with a variable.
    pub(crate) fn parse(text: &str, form: Form, variables: Variables) -> Result<Self, String> {
        let parts = split(text, variables, true)?;
        if keys(&parts).next().is_some() {
            return Ok(Self::Varying(form, parts.into()));
        }
        Ok(match tokens(&parts, form, None) {
            Some(tokens) => Self::Fixed(Glob::of(tokens)),
            None => Self::Nothing,
        })
    }

    /// Whether `given` is of this form; not if a variable has no value.
    pub(crate) fn matches(&self, given: &str, context: &dyn Context) -> bool {
        match self {
            Self::Fixed(glob) => glob.matches(given, Case::Kept),
            Self::Varying(form, parts) => tokens(parts, *form, Some(context))
                .is_some_and(|tokens| glob::matches(&tokens, given, Case::Kept)),
            Self::Nothing => false,
        }
    }

    pub(crate) fn is_anything(&self) -> bool {
        *self == Self::Fixed(Glob::Anything)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let parts: &[Part] = match self {
            Self::Varying(_, parts) => parts,
            Self::Fixed(_) | Self::Nothing => &[],
        };
        keys(parts)
    }
}

fn keys(parts: &[Part]) -> impl Iterator<Item = &str> {
    parts.iter().filter_map(|part| match part {
        Part::Variable { key, .. } => Some(&**key),
        Part::Literal(_) | Part::One | Part::Many => None,
    })
}

/// The one value of a variable. A set of values is none.
fn resolve<'a>(
    context: &'a dyn Context,
    key: &str,
    default: Option<&'a str>,
) -> Option<Cow<'a, str>> {
    match context.values(key) {
        Some(Values::One(value)) => Some(value),
        Some(Values::Many(_)) => None,
        None => default.map(Cow::Borrowed),
    }
}

/// The parts of `text`. Adjacent literals may stay apart.
fn split(text: &str, variables: Variables, wildcards: bool) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let special = |at: &usize| match rest.as_bytes()[*at] {
            b'*' | b'?' => wildcards,
            b'$' => variables == Variables::Spoken && rest[*at..].starts_with("${"),
            _ => false,
        };
        let end = (0..rest.len()).find(special).unwrap_or(rest.len());
        let (literal, from) = rest.split_at(end);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.into()));
        }
        rest = match from.as_bytes().first() {
            Some(b'*') => {
                parts.push(Part::Many);
                &from[1..]
            }
            Some(b'?') => {
                parts.push(Part::One);
                &from[1..]
            }
            Some(_) => {
                let (part, after) = variable(&from["${".len()..])?;
                parts.push(part);
                after
            }
            None => from,
        };
    }
    Ok(parts)
}

/// The variable whose inside `text` begins with, and what follows its brace.
fn variable(text: &str) -> Result<(Part, &str), String> {
    let unclosed = || format!("the variable ${{{text} has no end");
    let end = text.find(['}', '\'']).ok_or_else(unclosed)?;
    let (name, from) = text.split_at(end);
    if let Some(after) = from.strip_prefix('}') {
        let part = match name.trim() {
            special @ ("*" | "?" | "$") => Part::Literal(special.into()),
            key => Part::Variable {
                key: named(key)?,
                default: None,
            },
        };
        return Ok((part, after));
    }
    let key = name.trim_end().strip_suffix(',');
    let key = key.ok_or_else(|| format!("{name:?} and its default need a comma between them"))?;
    let (default, from) = from[1..].split_once('\'').ok_or_else(unclosed)?;
    let after = from.trim_start().strip_prefix('}');
    let part = Part::Variable {
        key: named(key.trim())?,
        default: Some(default.into()),
    };
    Ok((part, after.ok_or_else(unclosed)?))
}

/// The key of a variable, as contexts are asked for it.
fn named(key: &str) -> Result<Box<str>, String> {
    let is_key = key.contains(':') && !key.contains(|c: char| "${*?,".contains(c));
    is_key
        .then(|| key.to_ascii_lowercase().into())
        .ok_or_else(|| format!("{key:?} names no variable: it needs a prefix such as aws:"))
}

/// The elements to match, or `None` if a variable has no value or no ARN can have the form.
fn tokens(parts: &[Part], form: Form, context: Option<&dyn Context>) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    for part in parts {
        match part {
            Part::Literal(literal) => add(&mut tokens, literal),
            Part::One => tokens.push(Token::One(Reach::Anywhere)),
            Part::Many if tokens.last() == Some(&Token::Many(Reach::Anywhere)) => {}
            Part::Many => tokens.push(Token::Many(Reach::Anywhere)),
            Part::Variable { key, default } => {
                add(&mut tokens, &resolve(context?, key, default.as_deref())?);
            }
        }
    }
    // Everything, not only ARNs: the resource of a request may be `*`.
    if form == Form::Plain || tokens == [Token::Many(Reach::Anywhere)] {
        return Some(tokens);
    }
    let colons = bind(&mut tokens, form);
    (form == Form::Resource || colons >= COLONS).then_some(tokens)
}

/// Adds a text that stands for itself.
fn add(tokens: &mut Vec<Token>, more: &str) {
    match tokens.last_mut() {
        _ if more.is_empty() => {}
        Some(Token::Text(text)) => text.push_str(more),
        _ => tokens.push(Token::Text(more.to_owned())),
    }
}

/// The `:` before an ARN's resource.
const COLONS: usize = 5;

/// Binds the wildcards before the resource to their segments, and counts the `:`.
fn bind(tokens: &mut [Token], form: Form) -> usize {
    let mut colons = 0;
    for at in 0..tokens.len() {
        let ends_segment = match tokens.get(at + 1) {
            None => true,
            Some(Token::Text(next)) => next.starts_with(':'),
            Some(Token::One(_) | Token::Many(_)) => false,
        };
        match &mut tokens[at] {
            Token::Text(text) => colons += text.matches(':').count(),
            Token::One(_) | Token::Many(_) if colons >= COLONS => {}
            Token::Many(_) if form == Form::Resource && ends_segment => {}
            Token::One(reach) | Token::Many(reach) => *reach = Reach::Segment,
        }
    }
    colons
}
