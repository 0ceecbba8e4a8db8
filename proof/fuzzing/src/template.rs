//! CloudFormation templates, in both notations.

use mimeo_templates::cloudformation::{Template, read};

pub(crate) fn run(bytes: &[u8]) {
    match read(bytes) {
        Ok(template) => judge(&template),
        Err(invalid) => assert!(!invalid.to_string().is_empty()),
    }
}

/// What is accepted in either notation says the same when it is written as JSON.
fn judge(template: &Template) {
    let _ = (template.rules(), template.metadata());
    let json = template.tree().to_json_text();
    if json.len() > mimeo_templates::TEMPLATE_BYTES_MAX {
        return;
    }
    let again = read(json.as_bytes()).unwrap_or_else(|invalid| panic!("{invalid}: {json}"));
    assert_eq!(again.tree().to_json_text(), json);
    assert_eq!(again.description, template.description);
    assert_eq!(again.parameters, template.parameters);
    assert_eq!(again.outputs, template.outputs);
}
