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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Literal(char),
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
        let literals = tokens
            .iter()
            .take_while(|token| matches!(token, Token::Literal(_)));
        let count = literals.count();
        match &tokens[count..] {
            [] => Self::Exact(text_of(&tokens)),
            [Token::Many(Reach::Anywhere)] if count == 0 => Self::Anything,
            [Token::Many(Reach::Anywhere)] => Self::Prefix(text_of(&tokens[..count])),
            _ => Self::Tokens(tokens.into()),
        }
    }

    pub(crate) fn matches(&self, text: &str, case: Case) -> bool {
        match (self, case) {
            (Self::Anything, _) => true,
            (Self::Exact(exact), Case::Kept) => **exact == *text,
            (Self::Exact(exact), Case::Ignored) => exact.eq_ignore_ascii_case(text),
            (Self::Prefix(prefix), Case::Kept) => text.starts_with(&**prefix),
            (Self::Prefix(prefix), Case::Ignored) => {
                let start = text.as_bytes().get(..prefix.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
            }
            (Self::Tokens(tokens), case) => matches(tokens, text, case),
        }
    }
}

fn text_of(literals: &[Token]) -> Box<str> {
    let characters = literals.iter().filter_map(|token| match token {
        Token::Literal(character) => Some(*character),
        Token::One(_) | Token::Many(_) => None,
    });
    characters.collect::<String>().into()
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
            Some(Token::Literal(wanted)) => pass(rest, |next| same(*wanted, next, case)),
            None => None,
        };
        if let Some(after) = fits {
            (at, rest) = (at + 1, after);
            continue;
        }
        bound = bound.and_then(|(at, from)| Some((at, pass(from, |next| next != ':')?)));
        if bound.is_none() {
            unbound = unbound.and_then(|(at, from)| Some((at, pass(from, |_| true)?)));
        }
        match bound.or(unbound) {
            Some(again) => (at, rest) = again,
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

fn same(wanted: char, next: char, case: Case) -> bool {
    match case {
        Case::Kept => wanted == next,
        Case::Ignored => wanted == next.to_ascii_lowercase(),
    }
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
            character => Token::Literal(character),
        };
        pattern.chars().map(token).collect()
    }

    /// The definition itself, in exponential time.
    fn by_definition(tokens: &[Token], text: &[char]) -> bool {
        let may = |reach: Reach, next: char| reach == Reach::Anywhere || next != ':';
        match (tokens.split_first(), text.split_first()) {
            (None, next) => next.is_none(),
            (Some((Token::Literal(wanted), tokens)), Some((next, text))) => {
                wanted == next && by_definition(tokens, text)
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
        let pattern = [pattern, vec![Token::Literal('b')]].concat();
        assert!(!matches(&pattern, &"a".repeat(5_000), Case::Kept));
    }

    fn letter() -> impl Strategy<Value = Token> {
        prop_oneof![Just('a'), Just('b')].prop_map(Token::Literal)
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
            let colon = [Token::Literal(':')];
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
                1 => Just(Token::Literal(':')),
                1 => Just(Token::One(Reach::Anywhere)),
                2 => Just(Token::Many(Reach::Anywhere)),
            ], 0..6),
            text in "[ab:]{0,12}",
        ) {
            let pattern: Vec<Token> = segments.into_iter().flatten().chain(resource).collect();
            let characters: Vec<char> = text.chars().collect();
            let wanted = by_definition(&pattern, &characters);
            prop_assert_eq!(matches(&pattern, &text, Case::Kept), wanted);
            prop_assert_eq!(Glob::of(pattern).matches(&text, Case::Kept), wanted);
        }
    }
}
