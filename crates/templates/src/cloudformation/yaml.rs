//! YAML to the tree: CloudFormation's part of YAML 1.1, through saphyr-parser's events.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::Number;

use super::invalid::{Invalid, Place, quote};
use super::tree::{Entry, Node, Value};
use super::{Budget, Growing, tags};

pub(super) fn parse(text: &str) -> Result<Node, Invalid> {
    // In flow style the parser reads a collection to its end before it tells of its beginning, and at each token looks
    // through the brackets that are open. It stops at 255 of them by itself, which keeps that work in bounds.
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        budget: Budget::default(),
    };
    reader.document()
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    budget: Budget,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Node, Invalid> {
        let mut tree = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => {
                    return tree.ok_or_else(|| Invalid::nowhere("The template is empty"));
                }
                Event::DocumentStart(_) if tree.is_some() => {
                    return Err(Invalid::at(place(span), "A template is one YAML document"));
                }
                Event::DocumentStart(_) => {
                    let (event, span) = self.next()?;
                    tree = Some(self.node(event, span, 1)?);
                }
                Event::Nothing | Event::StreamStart | Event::DocumentEnd => {}
                _ => return Err(Invalid::at(place(span), "A template is one YAML document")),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Invalid> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(not_yaml(&error)),
            None => Err(Invalid::nowhere("The YAML ends too early")),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Invalid> {
        let place = place(span);
        self.budget.spend(place, depth)?;
        let (value, tag) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse_anchor(place, anchor)?;
                let is_plain = style == ScalarStyle::Plain && tag.is_none();
                let text = text.into_owned();
                (
                    if is_plain {
                        plain(text)
                    } else {
                        Value::Text(text)
                    },
                    tag,
                )
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_anchor(place, anchor)?;
                (Value::List(self.list(depth)?), tag)
            }
            Event::MappingStart(anchor, tag) => {
                refuse_anchor(place, anchor)?;
                (Value::Mapping(self.mapping(depth)?), tag)
            }
            Event::Alias(_) => {
                return Err(Invalid::at(
                    place,
                    "CloudFormation does not support YAML aliases",
                ));
            }
            _ => return Err(Invalid::at(place, "Here YAML has a value")),
        };
        let node = Node { place, value };
        match tag {
            Some(tag) => tagged(&tag, node),
            None => Ok(node),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Invalid> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Vec<Entry>, Invalid> {
        let mut growing = Growing::default();
        loop {
            let (event, span) = self.next()?;
            let place = place(span);
            let key = match event {
                Event::MappingEnd => return Ok(growing.entries),
                Event::Scalar(key, style, anchor, tag) => {
                    refuse_anchor(place, anchor)?;
                    if key == "<<" && style == ScalarStyle::Plain {
                        let rule = "CloudFormation does not support YAML merge keys";
                        return Err(Invalid::at(place, rule));
                    }
                    if tag.is_some_and(|tag| !is_text_tag(&tag)) {
                        return Err(Invalid::at(place, "A key has no tag"));
                    }
                    key.into_owned()
                }
                _ => return Err(Invalid::at(place, "A key is a text")),
            };
            growing.claim(place, &key)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            growing.entries.push(Entry { place, key, value });
        }
    }
}

fn refuse_anchor(place: Place, anchor: usize) -> Result<(), Invalid> {
    match anchor {
        0 => Ok(()),
        _ => Err(Invalid::at(
            place,
            "CloudFormation does not support YAML anchors",
        )),
    }
}

// A number only if it is written back as it stands: 0123 and 1.10 are texts, and so are Yes, On and 2010-09-09.
fn plain(text: String) -> Value {
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let number = serde_json::from_str::<Number>(&text).ok();
    match number.filter(|number| number.to_string() == text) {
        Some(number) => Value::Number(number),
        None => Value::Text(text),
    }
}

fn tagged(tag: &Tag, node: Node) -> Result<Node, Invalid> {
    if tag.is_yaml_core_schema() {
        return match (&*tag.suffix, &node.value) {
            ("str", Value::Text(_)) | ("map", Value::Mapping(_)) | ("seq", Value::List(_)) => {
                Ok(node)
            }
            ("int" | "float" | "bool" | "null", Value::Text(text)) => Ok(Node {
                place: node.place,
                value: plain(text.clone()),
            }),
            _ => Err(unknown(tag, node.place)),
        };
    }
    if is_text_tag(tag) {
        return Ok(node);
    }
    let name = if tag.handle == "!" {
        tags::long_form(&tag.suffix)
    } else {
        None
    };
    match name {
        Some(name) => Ok(tags::expand(name, node)),
        None => Err(unknown(tag, node.place)),
    }
}

// `!!str`, and the lone `!` that only says "do not guess".
fn is_text_tag(tag: &Tag) -> bool {
    let is_lone = (tag.handle.is_empty() && tag.suffix == "!")
        || (tag.handle == "!" && tag.suffix.is_empty());
    is_lone || (tag.is_yaml_core_schema() && tag.suffix == "str")
}

fn unknown(tag: &Tag, place: Place) -> Invalid {
    let name = quote(&format!("{}{}", tag.handle, tag.suffix));
    Invalid::at(
        place,
        format!("CloudFormation has no tag {name} for such a value"),
    )
}

fn place(span: Span) -> Place {
    Place {
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}

fn not_yaml(error: &ScanError) -> Invalid {
    let marker = error.marker();
    let place = Place {
        line: marker.line(),
        column: marker.col() + 1,
    };
    Invalid::at(place, format!("This is not YAML: {}", error.info()))
}
