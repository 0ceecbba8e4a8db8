//! JSON to the tree. The structure is read here, for places, duplicate keys and limits; scalars are `serde_json`'s.

use super::invalid::{Invalid, Place};
use super::tree::{Entry, Node, Value};
use super::{Budget, Growing};

pub(super) fn parse(text: &str) -> Result<Node, Invalid> {
    let mut reader = Reader {
        text,
        at: 0,
        line: 1,
        line_start: 0,
        budget: Budget::default(),
    };
    let tree = reader.value(1)?;
    match reader.peek() {
        None => Ok(tree),
        Some(_) => Err(reader.wrong("The template goes on after its end")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    line_start: usize,
    budget: Budget,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Invalid> {
        let first = self.peek();
        let place = self.place();
        self.budget.spend(place, depth)?;
        let value = match first {
            Some(b'{') => Value::Mapping(self.mapping(depth)?),
            Some(b'[') => Value::List(self.list(depth)?),
            Some(b'"') => Value::Text(self.string()?),
            Some(_) => self.plain()?,
            None => return Err(self.wrong("The JSON ends too early")),
        };
        Ok(Node { place, value })
    }

    fn mapping(&mut self, depth: usize) -> Result<Vec<Entry>, Invalid> {
        self.at += 1;
        let mut growing = Growing::default();
        if self.take(b'}') {
            return Ok(growing.entries);
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.wrong("Here JSON has a key in double quotes"));
            }
            let place = self.place();
            let key = self.string()?;
            growing.claim(place, &key)?;
            if !self.take(b':') {
                return Err(self.wrong("Here JSON has a colon"));
            }
            let value = self.value(depth + 1)?;
            growing.entries.push(Entry { place, key, value });
            if self.take(b'}') {
                return Ok(growing.entries);
            }
            if !self.take(b',') {
                return Err(self.wrong("Here JSON has a comma or a closing brace"));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Invalid> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take(b']') {
                return Ok(items);
            }
            if !self.take(b',') {
                return Err(self.wrong("Here JSON has a comma or a closing bracket"));
            }
        }
    }

    fn string(&mut self) -> Result<String, Invalid> {
        let bytes = self.text.as_bytes();
        let mut end = self.at + 1;
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        // An escape may have stepped past the end or into a letter; `get` says so.
        let token = self.text.get(self.at..=end);
        let token = token.ok_or_else(|| self.wrong("This text has no closing quote"))?;
        let read = serde_json::from_str(token);
        let string = read.map_err(|_| self.wrong("This text is not well-formed JSON"))?;
        self.at = end + 1;
        Ok(string)
    }

    fn plain(&mut self) -> Result<Value, Invalid> {
        let rest = &self.text[self.at..];
        let is_end = |c: char| c.is_ascii_whitespace() || ",:]}[{\"".contains(c);
        let token = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        let read = serde_json::from_str::<serde_json::Value>(token);
        let value = match read {
            Ok(serde_json::Value::Null) => Value::Null,
            Ok(serde_json::Value::Bool(truth)) => Value::Bool(truth),
            Ok(serde_json::Value::Number(number)) => Value::Number(number),
            _ => {
                return Err(
                    self.wrong("Here JSON has a value: a text, a number, a list or an object")
                );
            }
        };
        self.at += token.len();
        Ok(value)
    }

    // The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = bytes.get(self.at) {
            self.at += 1;
            if *byte == b'\n' {
                self.line += 1;
                self.line_start = self.at;
            }
        }
        bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    // A template on one long line would cost a count for each value: there the column is in bytes.
    fn place(&self) -> Place {
        Place {
            line: self.line,
            column: self.at - self.line_start + 1,
        }
    }

    fn wrong(&self, rule: &str) -> Invalid {
        Invalid::at(self.place(), rule)
    }
}
