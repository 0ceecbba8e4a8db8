//! YAML as a tree of texts that know their lines. Aliases, tags and merge keys are refused: what a
//! document says stands where it is read.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use crate::{DOCUMENT_BYTES_MAX, NESTING_MAX, Problem, VALUES_MAX};

#[derive(Debug)]
pub(crate) struct Node {
    pub line: usize,
    pub value: Value,
}

#[derive(Debug)]
pub(crate) enum Value {
    Null,
    /// `is_plain` if it was written without quotes, so may be a number or a switch.
    Text {
        text: String,
        is_plain: bool,
    },
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub line: usize,
    pub key: String,
    pub value: Node,
}

pub(crate) fn parse(text: &str) -> Result<Node, Problem> {
    if text.len() > DOCUMENT_BYTES_MAX {
        let rule = format!("the document is longer than {DOCUMENT_BYTES_MAX} bytes");
        return Err(problem(1, &rule));
    }
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        values_count: 0,
    };
    reader.document()
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    values_count: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Node, Problem> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => {
                    return root.ok_or_else(|| problem(1, "the document is empty"));
                }
                Event::DocumentStart(_) if root.is_none() => {
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, span, 1)?);
                }
                Event::Nothing | Event::StreamStart | Event::DocumentEnd => {}
                _ => return Err(problem(line(span), "there is one document in a file")),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let rule = format!("this is not YAML: {}", error.info());
                Err(problem(error.marker().line(), &rule))
            }
            None => Err(problem(1, "the YAML ends too early")),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Problem> {
        let line = line(span);
        self.values_count += 1;
        if self.values_count > VALUES_MAX {
            return Err(problem(
                line,
                &format!("there are more than {VALUES_MAX} values"),
            ));
        }
        if depth > NESTING_MAX {
            return Err(problem(
                line,
                &format!("it nests deeper than {NESTING_MAX}"),
            ));
        }
        let (value, anchor, has_tag) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                let value = match (&*text, is_plain) {
                    ("" | "~" | "null", true) => Value::Null,
                    _ => Value::Text {
                        text: text.into_owned(),
                        is_plain,
                    },
                };
                (value, anchor, tag.is_some())
            }
            Event::SequenceStart(anchor, tag) => {
                (Value::List(self.list(depth)?), anchor, tag.is_some())
            }
            Event::MappingStart(anchor, tag) => {
                (Value::Mapping(self.mapping(depth)?), anchor, tag.is_some())
            }
            _ => return Err(problem(line, "aliases are not read; write it out")),
        };
        if anchor != 0 || has_tag {
            return Err(problem(line, "anchors and tags are not read"));
        }
        Ok(Node { line, value })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Vec<Entry>, Problem> {
        let mut entries = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let line = line(span);
            let key = match event {
                Event::MappingEnd => return Ok(entries),
                Event::Scalar(key, _, 0, None) if &*key != "<<" => key.into_owned(),
                _ => return Err(problem(line, "a key is a text, without anchors and merges")),
            };
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            entries.push(Entry { line, key, value });
        }
    }
}

fn line(span: Span) -> usize {
    span.start.line()
}

pub(crate) fn problem(line: usize, rule: &str) -> Problem {
    Problem {
        line,
        rule: rule.to_owned(),
    }
}
