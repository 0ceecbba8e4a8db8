//! Answers in XML, as AWS's query protocol has them.

use std::fmt::Write;

use mimeo_service::Rejection;
use uuid::Uuid;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An element with a text, or with further elements.
#[derive(Debug)]
pub(super) enum Element {
    Text(&'static str, String),
    Of(&'static str, Vec<Element>),
}

impl Element {
    pub(super) fn text(name: &'static str, text: impl Into<String>) -> Self {
        Self::Text(name, text.into())
    }

    pub(super) fn of(name: &'static str, parts: impl IntoIterator<Item = Self>) -> Self {
        Self::Of(name, parts.into_iter().collect())
    }

    /// The text of the element of this name, here or within.
    pub(super) fn find(&self, wanted: &str) -> Option<&str> {
        match self {
            Self::Text(name, text) => (*name == wanted).then_some(text),
            Self::Of(_, parts) => parts.iter().find_map(|part| part.find(wanted)),
        }
    }

    fn write(&self, xml: &mut String) {
        let (Self::Text(name, _) | Self::Of(name, _)) = self;
        put(xml, format_args!("<{name}>"));
        match self {
            Self::Text(_, text) => escape(text, xml),
            Self::Of(_, parts) => parts.iter().for_each(|part| part.write(xml)),
        }
        put(xml, format_args!("</{name}>"));
    }
}

/// The answer of an action.
pub(super) fn answer(action: &str, result: &[Element], request_id: &Uuid) -> Vec<u8> {
    let mut xml = String::new();
    put(
        &mut xml,
        format_args!("<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>"),
    );
    for element in result {
        element.write(&mut xml);
    }
    put(&mut xml, format_args!("</{action}Result>"));
    let id = Element::text("RequestId", request_id.to_string());
    Element::of("ResponseMetadata", [id]).write(&mut xml);
    put(&mut xml, format_args!("</{action}Response>"));
    xml.into_bytes()
}

/// An error; whose fault it is, the status says.
pub(super) fn error(rejection: &Rejection, request_id: &Uuid) -> Vec<u8> {
    let kind = if rejection.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    let mut xml = String::new();
    put(
        &mut xml,
        format_args!("<ErrorResponse xmlns=\"{NAMESPACE}\">"),
    );
    let parts = [
        Element::text("Type", kind),
        Element::text("Code", rejection.code),
        Element::text("Message", rejection.message.clone()),
    ];
    Element::of("Error", parts).write(&mut xml);
    Element::text("RequestId", request_id.to_string()).write(&mut xml);
    xml += "</ErrorResponse>";
    xml.into_bytes()
}

fn put(xml: &mut String, part: std::fmt::Arguments<'_>) {
    xml.write_fmt(part)
        .expect("a String takes all that is written");
}

fn escape(text: &str, xml: &mut String) {
    for character in text.chars() {
        match character {
            '<' => *xml += "&lt;",
            '>' => *xml += "&gt;",
            '&' => *xml += "&amp;",
            '"' => *xml += "&quot;",
            '\n' | '\t' => xml.push(character),
            // XML has no way to write these.
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            _ => xml.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_sent_cannot_become_markup() {
        let rejection = Rejection::new("ValidationError", "Value '<a>&\"\u{1}' at 'roleArn'");
        let xml = String::from_utf8(error(&rejection, &Uuid::nil())).unwrap();
        let told = "<Message>Value '&lt;a&gt;&amp;&quot;\u{fffd}' at 'roleArn'</Message>";
        assert!(xml.contains(told), "{xml}");
        assert!(xml.contains("<Type>Sender</Type><Code>ValidationError</Code>"));
    }
}
