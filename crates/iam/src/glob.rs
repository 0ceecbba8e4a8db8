//! Text with `*` and `?`, prepared for matching without backtracking over more than one star.

/// How far a wildcard reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Over any character.
    Anywhere,
    /// Not over the `:` between two segments of an ARN.
    Segment,
}

/// One element of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// Itself; never empty.
    Text(String),
    /// `?`: exactly one character.
    One(Reach),
    /// `*`: any number of characters, also none.
    Many(Reach),
}

/// Whether letters must be of the same case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Kept,
    /// ASCII letters match in either case. The pattern's own are in lower case.
    Ignored,
}

/// A pattern without variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Glob {
    Anything,
    Exact(Box<str>),
    Prefix(Box<str>),
    Tokens(Box<[Token]>),
}

impl Glob {
    pub(crate) fn of(tokens: Vec<Token>) -> Self {
        match &tokens[..] {
            [] => Self::Exact("".into()),
            [Token::Text(text)] => Self::Exact(text.as_str().into()),
            [Token::Many(Reach::Anywhere)] => Self::Anything,
            [Token::Text(text), Token::Many(Reach::Anywhere)] => Self::Prefix(text.as_str().into()),
            _ => Self::Tokens(tokens.into()),
        }
    }

    pub(crate) fn matches(&self, text: &str, case: Case) -> bool {
        match (self, case) {
            (Self::Anything, _) => true,
            (Self::Exact(exact), Case::Kept) => **exact == *text,
            (Self::Exact(exact), Case::Ignored) => exact.eq_ignore_ascii_case(text),
            (Self::Prefix(prefix), case) => after(text, prefix, case).is_some(),
            (Self::Tokens(tokens), case) => matches(tokens, text, case),
        }
    }
}

/// What follows `start` in `text`, if it starts so.
pub(crate) fn after<'a>(text: &'a str, start: &str, case: Case) -> Option<&'a str> {
    match case {
        Case::Kept => text.strip_prefix(start),
        Case::Ignored => {
            let (begins, rest) = text.split_at_checked(start.len())?;
            begins.eq_ignore_ascii_case(start).then_some(rest)
        }
    }
}

/// Whether `text` as a whole is of the form of `tokens`.
///
/// Each star first takes nothing and then, whenever the rest does not fit, one character more. Only
/// the last star of each reach can still matter: an earlier one that takes more only leaves less
/// to those after it, and one that is bound to its segment cannot give the next segment another
/// start. So the time is at most the text's length times the pattern's, once for each `:` in the
/// text that an unbound star before the resource may stop at.
///
/// That holds for patterns as ARNs have them: while wildcards are bound, an unbound one is a star
/// that ends its segment, and only a `:` leads from bound ones to the unbound ones after it.
pub(crate) fn matches(tokens: &[Token], text: &str, case: Case) -> bool {
    let (mut at, mut rest) = (0, text);
    let mut unbound: Option<(usize, &str)> = None;
    let mut bound: Option<(usize, &str)> = None;
    loop {
        let fits = match tokens.get(at) {
            None if rest.is_empty() => return true,
            Some(Token::Many(Reach::Anywhere)) if at + 1 == tokens.len() => return true,
            Some(Token::Many(reach)) => {
                match reach {
                    Reach::Anywhere => (unbound, bound) = (Some((at + 1, rest)), None),
                    Reach::Segment => bound = Some((at + 1, rest)),
                }
                Some(rest)
            }
            Some(Token::One(reach)) => pass(rest, |next| *reach == Reach::Anywhere || next != ':'),
            Some(Token::Text(wanted)) => after(rest, wanted, case),
            None => None,
        };
        if let Some(after) = fits {
            (at, rest) = (at + 1, after);
            continue;
        }
        bound = bound
            .and_then(|(at, from)| Some((at, again(from, tokens.get(at), Reach::Segment, case)?)));
        if bound.is_none() {
            unbound = unbound.and_then(|(at, from)| {
                Some((at, again(from, tokens.get(at), Reach::Anywhere, case)?))
            });
        }
        match bound.or(unbound) {
            Some(retry) => (at, rest) = retry,
            None => return false,
        }
    }
}

/// What follows the first character of `text`, if `may` lets it pass.
fn pass(text: &str, may: impl Fn(char) -> bool) -> Option<&str> {
    let mut characters = text.chars();
    let next = characters.next()?;
    may(next).then_some(characters.as_str())
}

/// Where a star may let `next` begin instead of at the start of `text`; characters that `next`
/// cannot begin with are skipped at once.
fn again<'a>(text: &'a str, next: Option<&Token>, reach: Reach, case: Case) -> Option<&'a str> {
    let may_pass = |byte: u8| reach == Reach::Anywhere || byte != b':';
    let rest = pass(text, |first| reach == Reach::Anywhere || first != ':')?;
    let Some(Token::Text(wanted)) = next else {
        return Some(rest);
    };
    let wanted = *wanted.as_bytes().first()?;
    let begins = |byte: u8| match case {
        Case::Kept => byte == wanted,
        Case::Ignored => byte.eq_ignore_ascii_case(&wanted),
    };
    let stops = |byte: &u8| begins(*byte) || !may_pass(*byte);
    let at = rest.as_bytes().iter().position(stops)?;
    begins(rest.as_bytes()[at]).then(|| &rest[at..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    fn tokens(pattern: &str, reach: Reach) -> Vec<Token> {
        let token = |character| match character {
            '*' => Token::Many(reach),
            '?' => Token::One(reach),
            character => Token::Text(character.into()),
        };
        pattern.chars().map(token).collect()
    }

    /// Texts that stand side by side made one, as patterns have them.
    fn merged(tokens: &[Token]) -> Vec<Token> {
        let mut merged: Vec<Token> = Vec::new();
        for token in tokens {
            match (merged.last_mut(), token) {
                (Some(Token::Text(text)), Token::Text(more)) => text.push_str(more),
                _ => merged.push(token.clone()),
            }
        }
        merged
    }

    /// The definition itself, in exponential time, of tokens with one character each.
    fn by_definition(tokens: &[Token], text: &[char]) -> bool {
        let may = |reach: Reach, next: char| reach == Reach::Anywhere || next != ':';
        match (tokens.split_first(), text.split_first()) {
            (None, next) => next.is_none(),
            (Some((Token::Text(wanted), tokens)), Some((next, text))) => {
                wanted.starts_with(*next) && by_definition(tokens, text)
            }
            (Some((Token::One(reach), tokens)), Some((next, text))) => {
                may(*reach, *next) && by_definition(tokens, text)
            }
            (Some((Token::Many(reach), after)), next) => {
                by_definition(after, text)
                    || next.is_some_and(|(next, text)| {
                        may(*reach, *next) && by_definition(tokens, text)
                    })
            }
            (Some(_), None) => false,
        }
    }

    #[test]
    fn a_question_mark_is_one_character_of_any_width() {
        let pattern = tokens("caf?", Reach::Anywhere);
        assert!(matches(&pattern, "café", Case::Kept));
        assert!(!matches(&pattern, "caf", Case::Kept));
        assert!(!matches(&pattern, "cafés", Case::Kept));
    }

    #[test]
    fn many_stars_do_not_explode() {
        let pattern = tokens(&"a*".repeat(500), Reach::Anywhere);
        let pattern = [pattern, tokens("b", Reach::Anywhere)].concat();
        assert!(!matches(&pattern, &"a".repeat(5_000), Case::Kept));
    }

    fn letter() -> impl Strategy<Value = Token> {
        prop_oneof![Just("a"), Just("b")].prop_map(|letter| Token::Text(letter.to_owned()))
    }

    /// A segment of an ARN before the resource, with the `:` after it.
    fn segment() -> impl Strategy<Value = Vec<Token>> {
        let inside = prop_oneof![
            3 => letter(),
            1 => Just(Token::One(Reach::Segment)),
            2 => Just(Token::Many(Reach::Segment)),
        ];
        let inside = proptest::collection::vec(inside, 0..4);
        let end = proptest::option::of(Just(Token::Many(Reach::Anywhere)));
        (inside, end).prop_map(|(inside, end)| {
            let colon = [Token::Text(":".to_owned())];
            inside.into_iter().chain(end).chain(colon).collect()
        })
    }

    /// A fixed seed, so that a run today and a run tomorrow are one run.
    fn config() -> ProptestConfig {
        ProptestConfig {
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(0x474C_4F42),
            ..ProptestConfig::default()
        }
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn matching_is_what_the_definition_says(
            segments in proptest::collection::vec(segment(), 0..4),
            resource in proptest::collection::vec(prop_oneof![
                3 => letter(),
                1 => Just(Token::Text(":".to_owned())),
                1 => Just(Token::One(Reach::Anywhere)),
                2 => Just(Token::Many(Reach::Anywhere)),
            ], 0..6),
            text in "[ab:]{0,12}",
        ) {
            let pattern: Vec<Token> = segments.into_iter().flatten().chain(resource).collect();
            let characters: Vec<char> = text.chars().collect();
            let wanted = by_definition(&pattern, &characters);
            let pattern = merged(&pattern);
            prop_assert_eq!(matches(&pattern, &text, Case::Kept), wanted);
            prop_assert_eq!(Glob::of(pattern.clone()).matches(&text, Case::Kept), wanted);
            prop_assert_eq!(matches(&pattern, &text.to_uppercase(), Case::Ignored), wanted);
        }
    }
}
