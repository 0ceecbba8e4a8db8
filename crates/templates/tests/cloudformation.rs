//! Stories of the CloudFormation reader: whole templates, single rules, hostile documents.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use mimeo_templates::TEMPLATE_BYTES_MAX;
use mimeo_templates::cloudformation::{
    Capabilities, Capability, DEPTH_MAX, FORMAT_VERSION, NODES_MAX, Output, Place, Template, read,
};
use serde_json::json;

const BUCKET: &[u8] = include_bytes!("fixtures/bucket.yaml");
const NETWORK: &[u8] = include_bytes!("fixtures/network.yaml");
const QUEUE: &[u8] = include_bytes!("fixtures/queue.json");

fn property(template: &Template, path: &[&str]) -> serde_json::Value {
    let mut node = template
        .section("Resources")
        .expect("a template has resources");
    for key in path {
        node = node.get(key).expect("the path is there");
    }
    node.to_json()
}

fn refused(text: &str) -> String {
    read(text.as_bytes()).expect_err(text).to_string()
}

/// A template whose one resource has this as its properties.
fn with_properties(yaml: &str) -> String {
    format!("Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      {yaml}\n")
}

#[test]
fn the_bucket_shows_its_parameters_in_order() {
    let template = read(BUCKET).unwrap();
    let keys: Vec<_> = template
        .parameters
        .iter()
        .map(|parameter| &*parameter.key)
        .collect();
    assert_eq!(keys, ["Team", "KeepDays", "Versions", "ReaderAccount"]);
    let [team, keep, versions, reader] = &template.parameters[..] else {
        panic!("four")
    };
    assert_eq!(team.kind, "String");
    assert_eq!(team.default, None);
    assert_eq!(team.allowed_pattern.as_deref(), Some("[a-z][a-z0-9-]*"));
    assert_eq!(team.min_length.as_deref(), Some("2"));
    assert_eq!(keep.default.as_deref(), Some("30"));
    assert_eq!(keep.max_value.as_deref(), Some("3650"));
    assert_eq!(versions.allowed_values, ["Enabled", "Suspended"]);
    assert_eq!(reader.default.as_deref(), Some(""));
    assert_eq!(
        template.outputs[0].description.as_deref(),
        Some("The name of the bucket")
    );
    assert_eq!(template.outputs[1].description, None);
}

#[test]
fn short_tags_are_written_out() {
    let template = read(BUCKET).unwrap();
    let name = property(&template, &["Bucket", "Properties", "BucketName"]);
    assert_eq!(
        name,
        json!({"Fn::Sub": "${Team}-files-${AWS::AccountId}-${AWS::Region}"})
    );
    let statement = property(
        &template,
        &["Policy", "Properties", "PolicyDocument", "Statement"],
    );
    assert_eq!(
        statement[0]["Resource"][0],
        json!({"Fn::GetAtt": ["Bucket", "Arn"]})
    );
    assert_eq!(statement[1]["Fn::If"][0], "HasReader");
    assert_eq!(statement[1]["Fn::If"][2], json!({"Ref": "AWS::NoValue"}));
    let has_reader = template.section("Conditions").unwrap().to_json();
    let expected = json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "ReaderAccount"}, ""]}]});
    assert_eq!(has_reader["HasReader"], expected);

    let template = read(NETWORK).unwrap();
    let zone = property(&template, &["SubnetB", "Properties", "AvailabilityZone"]);
    assert_eq!(
        zone,
        json!({"Fn::Select": [1, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]})
    );
    let gateway = &template.section("Conditions").unwrap().to_json()["WantsGateway"];
    assert_eq!(gateway["Fn::And"][0], json!({"Condition": "IsProduction"}));
    let token = template
        .parameters
        .iter()
        .find(|parameter| parameter.key == "Token")
        .unwrap();
    assert!(token.no_echo);
}

#[test]
fn json_is_read_into_the_same_tree() {
    let template = read(QUEUE).unwrap();
    let keys: Vec<_> = template
        .parameters
        .iter()
        .map(|parameter| &*parameter.key)
        .collect();
    assert_eq!(keys, ["Wait", "Address"]);
    assert_eq!(template.parameters[0].default.as_deref(), Some("45"));
    assert!(template.parameters[1].no_echo);
    assert_eq!(
        template.parameters[1].description.as_deref(),
        Some("Who is told → 📬")
    );
    let expected: serde_json::Value = serde_json::from_slice(QUEUE).unwrap();
    assert_eq!(template.tree().to_json(), expected);
}

#[test]
fn a_launch_is_told_of_rules_metadata_and_outputs() {
    let network = read(NETWORK).unwrap();
    let rules = network.rules();
    assert_eq!(rules.keys().collect::<Vec<_>>(), ["ProductionIsLarge"]);
    let condition = json!({"Fn::Equals": [{"Ref": "Stage"}, "production"]});
    assert_eq!(rules["ProductionIsLarge"]["RuleCondition"], condition);
    assert_eq!(
        network.metadata().as_deref(),
        Some(
            r#"{"AWS::CloudFormation::Interface":{"ParameterGroups":[{"Label":{"default":"Network"},"Parameters":["Range","Stage"]}]}}"#
        )
    );
    assert_eq!(
        network
            .section("AWSTemplateFormatVersion")
            .unwrap()
            .as_text(),
        Some(FORMAT_VERSION)
    );
    let queue = read(QUEUE).unwrap();
    assert!(queue.rules().is_empty());
    assert_eq!(queue.metadata(), None);
    let [wait, address] = &queue.parameters[..] else {
        panic!("two")
    };
    let limits = (wait.min_value.as_deref(), wait.max_value.as_deref());
    assert_eq!(limits, (Some("0"), Some("43200")));
    assert_eq!(wait.default.as_deref(), Some("45"));
    assert!(address.no_echo);
}

#[test]
fn metadata_keeps_the_templates_order_and_its_kinds_of_value() {
    let text = "Metadata: {z: 1, a: [yes, true, ~, 2.5], m: {b: \"\\\"\", a: {}}}\nResources: {A: {Type: AWS::SNS::Topic}}";
    let metadata = read(text.as_bytes()).unwrap().metadata();
    let expected = r#"{"z":1,"a":["yes",true,null,2.5],"m":{"b":"\"","a":{}}}"#;
    assert_eq!(metadata.as_deref(), Some(expected));
}

#[test]
fn outputs_that_a_loop_will_make_are_not_listed() {
    let text = r#"{
        "Transform": "AWS::LanguageExtensions",
        "Resources": {"A": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {
            "Zeta": {"Value": 1, "Description": "The last letter"},
            "Fn::ForEach::Each": ["X", ["A"], {"Out${X}": {"Value": {"Ref": "X"}}}],
            "Alpha": {"Value": 2}
        }
    }"#;
    let output = |key: &str, description: Option<&str>| Output {
        key: key.to_owned(),
        description: description.map(str::to_owned),
    };
    assert_eq!(
        read(text.as_bytes()).unwrap().outputs,
        [
            output("Zeta", Some("The last letter")),
            output("Alpha", None)
        ]
    );
}

/// What a template of these resources (and further sections, after a line's end) needs, as texts.
fn needed(resources: &str) -> (Vec<&'static str>, Option<String>) {
    let text = format!("Resources:\n{resources}\n");
    let Capabilities { needed, reason } = read(text.as_bytes()).expect(&text).capabilities();
    let texts = needed.into_iter().map(Capability::as_str).collect();
    (texts, reason)
}

#[test]
fn a_template_needs_the_capabilities_of_its_resources() {
    for (resources, capabilities, types) in [
        ("  A: {Type: AWS::SNS::Topic}", vec![], ""),
        (
            "  A: {Type: AWS::IAM::Role}",
            vec!["CAPABILITY_IAM"],
            "AWS::IAM::Role",
        ),
        (
            "  A: {Type: AWS::IAM::Policy, Properties: {PolicyName: p}}",
            vec!["CAPABILITY_IAM"],
            "AWS::IAM::Policy",
        ),
        (
            "  A: {Type: AWS::IAM::Role, Properties: {RoleName: ~}}",
            vec!["CAPABILITY_IAM"],
            "AWS::IAM::Role",
        ),
        (
            "  A: {Type: AWS::IAM::User, Properties: {UserName: !Ref AWS::StackName}}",
            vec!["CAPABILITY_NAMED_IAM"],
            "AWS::IAM::User",
        ),
        (
            "  A: {Type: AWS::IAM::Role, Properties: {RoleName: r}}\n  \
             B: {Type: AWS::IAM::InstanceProfile}\n  C: {Type: AWS::IAM::Role}",
            vec!["CAPABILITY_NAMED_IAM"],
            "AWS::IAM::InstanceProfile, AWS::IAM::Role",
        ),
        (
            "  A: {Type: AWS::CloudFormation::Stack}\n  B: {Type: AWS::IAM::Role}",
            vec!["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            "AWS::CloudFormation::Stack, AWS::IAM::Role",
        ),
        (
            "  A: {Type: AWS::IAM::Role}\nTransform: [First, Second]",
            vec!["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            "AWS::IAM::Role",
        ),
    ] {
        let reason = format!("The following resource(s) require capabilities: [{types}]");
        let reason = (!types.is_empty()).then_some(reason);
        assert_eq!(needed(resources), (capabilities, reason), "{resources}");
    }
}

#[test]
fn macros_are_named_wherever_they_are_called() {
    let topic = "  A: {Type: AWS::SNS::Topic}";
    let part = "  A: {Type: AWS::SNS::Topic, Properties: {'Fn::Transform': {Name: Include}}}";
    for (resources, macros) in [
        (format!("{topic}\nTransform: Serverless"), "Serverless"),
        (format!("{topic}\nTransform: [Z, {{Name: A}}]"), "A, Z"),
        (part.to_owned(), "Include"),
        (
            format!("{topic}\n  Fn::Transform: {{Name: Whole}}"),
            "Whole",
        ),
        (format!("{topic}\nTransform: []"), ""),
    ] {
        let (capabilities, reason) = needed(&resources);
        let expected = format!("The following macro(s) require capabilities: [{macros}]");
        let expected = (!macros.is_empty()).then_some(expected);
        assert_eq!(reason, expected, "{resources}");
        let is_needed = capabilities == ["CAPABILITY_AUTO_EXPAND"];
        assert_eq!(is_needed, expected.is_some(), "{resources}");
    }
}

#[test]
fn words_of_yaml_1_1_and_dates_stay_texts() {
    let text = with_properties(
        "{a: Yes, b: No, c: On, d: off, e: 2010-09-09, f: 0123, g: 1.10, h: 0x1F, i: 1_000, \
         j: 12:30:45, k: 80, l: 1.5, m: true, n: null, o: '80', p: !!str 80, q: -7, r: 1e3, \
         s: 012345678901, t: .5, u: y, v: 123456789012}",
    );
    let template = read(text.as_bytes()).unwrap();
    assert_eq!(
        property(&template, &["A", "Properties"]),
        json!({"a": "Yes", "b": "No", "c": "On", "d": "off", "e": "2010-09-09", "f": "0123",
            "g": "1.10", "h": "0x1F", "i": "1_000", "j": "12:30:45", "k": 80, "l": 1.5, "m": true,
            "n": null, "o": "80", "p": "80", "q": -7, "r": "1e3", "s": "012345678901", "t": ".5",
            "u": "y", "v": 123_456_789_012_u64})
    );
}

#[test]
fn each_invalid_fixture_is_refused_with_place_and_rule() {
    for (body, expected) in [
        (
            include_str!("fixtures/invalid/undeclared_reference.yaml"),
            "Ref names 'Nmae', and the template has no such parameter or resource (line 5, column 19).",
        ),
        (
            include_str!("fixtures/invalid/no_resources.yaml"),
            "A template has at least one resource (line 1, column 1).",
        ),
        (
            include_str!("fixtures/invalid/key_twice.json"),
            "The key 'A' is given twice (line 1, column 50).",
        ),
        (
            include_str!("fixtures/invalid/alias.yaml"),
            "CloudFormation does not support YAML anchors (line 2, column 6).",
        ),
        (
            include_str!("fixtures/invalid/unknown_section.yaml"),
            "A template has no section 'Resorces' (line 1, column 1).",
        ),
    ] {
        assert_eq!(refused(body), expected);
    }
}

#[test]
fn what_a_template_refers_to_it_must_declare() {
    for (properties, expected) in [
        ("a: !Ref B", "Ref names 'B'"),
        ("a: !GetAtt B.Arn", "Fn::GetAtt names 'B'"),
        ("a: {'Fn::GetAtt': [B, Arn]}", "Fn::GetAtt names 'B'"),
        ("a: !Sub 'x ${B} y'", "Fn::Sub names 'B'"),
        ("a: !Sub '${A} ${B.Arn}'", "Fn::Sub names 'B'"),
        ("a: !Sub ['${B} ${C}', {B: 1}]", "Fn::Sub names 'C'"),
        ("a: !If [B, 1, 2]", "Condition names 'B'"),
        ("a: !FindInMap [B, x, y]", "Fn::FindInMap names 'B'"),
        ("a: [[{b: !Ref B}]]", "Ref names 'B'"),
        (
            "a: !GetAtt [A]",
            "Fn::GetAtt takes a resource and an attribute",
        ),
        ("a: !Ref [A]", "Ref takes a name"),
    ] {
        let text = refused(&with_properties(properties));
        assert!(text.starts_with(expected), "{properties}: {text}");
    }
    for properties in [
        "a: !Ref A",
        "a: !Ref AWS::Region",
        "a: !Sub '${A} ${A.Arn} ${!B} ${AWS::Region} $B {B}'",
        "a: !Sub ['${B}', {B: !Ref A}]",
        "a: {Condition: {StringEquals: {x: y}}}",
        "a: {Ref: A}",
    ] {
        read(with_properties(properties).as_bytes()).expect(properties);
    }
    let unknown = with_properties("a: !Ref Made");
    read(format!("Transform: AWS::Serverless-2016-10-31\n{unknown}").as_bytes()).unwrap();
    let depends = "Resources:\n  A: {Type: AWS::SNS::Topic, DependsOn: [B]}";
    assert!(refused(depends).starts_with("DependsOn names 'B'"));
    let in_condition =
        "Conditions: {C: !Equals [!Ref A, x]}\nResources: {A: {Type: AWS::SNS::Topic}}";
    assert!(refused(in_condition).contains("no such parameter"));
}

#[test]
fn each_section_has_its_shape() {
    let good = "Resources: {A: {Type: AWS::SNS::Topic}}\n";
    read(good.as_bytes()).unwrap();
    for (text, expected) in [
        ("", "The template is empty"),
        ("# nothing\n", "The template is empty"),
        ("just a text", "A template is a mapping"),
        ("- a\n- b\n", "A template is a mapping"),
        ("[]", "A template is a mapping"),
        ("{}", "A template has at least one resource"),
        ("Resources: {}", "A template has at least one resource"),
        ("Resources: []", "Section Resources is a mapping"),
        ("Resources: {A: x}", "Resource 'A' is a mapping"),
        ("Resources: {A: {}}", "Resource 'A' has a Type"),
        ("Resources: {A: {Type: [x]}}", "Resource 'A' has a Type"),
        ("Resources: {a_b: {Type: X}}", "'a_b' is no logical id"),
        (
            "Resources: {A: {Type: X, Properties: 5}}",
            "The Properties of resource 'A'",
        ),
        (
            "AWSTemplateFormatVersion: 2010-09-10",
            "AWSTemplateFormatVersion is",
        ),
        ("Description: [a]", "Description is a text"),
        ("Parameters: [a]", "Section Parameters is a mapping"),
        (
            "Mappings: {A: {b: c}}",
            "Mapping 'A' is a mapping of mappings",
        ),
        ("Parameters: {P: x}", "Parameter 'P' is a mapping"),
        ("Parameters: {P: {}}", "Parameter 'P' has a Type"),
        ("Parameters: {P: {Type: Text}}", "Parameter 'P' has a Type"),
        (
            "Parameters: {P: {Type: String, Defualt: 1}}",
            "Parameter 'P' has no property 'Defualt'",
        ),
        (
            "Parameters: {P: {Type: String, NoEcho: maybe}}",
            "NoEcho of parameter 'P'",
        ),
        (
            "Parameters: {P: {Type: String, Default: [1]}}",
            "Default of parameter 'P'",
        ),
        (
            "Parameters: {P: {Type: String, AllowedValues: 1}}",
            "AllowedValues of parameter 'P'",
        ),
        ("Outputs: {O: {}}", "Output 'O' has a Value"),
        (
            "Outputs: {O: {Value: 1, Condition: C}}",
            "Condition names 'C'",
        ),
        ("Spare: {}", "A template has no section 'Spare'"),
    ] {
        let is_whole = text.is_empty()
            || text.starts_with(['#', 'j', '-', '[', '{'])
            || text.starts_with("Resources");
        let text = if is_whole {
            text.to_owned()
        } else {
            format!("{good}{text}\n")
        };
        let found = refused(&text);
        assert!(found.starts_with(expected), "{text}: {found}");
    }
}

#[test]
fn what_cloudformation_has_not_of_yaml_is_refused() {
    for (properties, expected) in [
        ("a: &x 1", "CloudFormation does not support YAML anchors"),
        (
            "<<: {a: 1}",
            "CloudFormation does not support YAML merge keys",
        ),
        ("a: !Frob x", "CloudFormation has no tag '!Frob'"),
        ("a: !!binary aGVsbG8=", "CloudFormation has no tag"),
        (
            "a: !!python/object:os.system x",
            "CloudFormation has no tag",
        ),
        (
            "a: !<tag:example.com,2026:x> y",
            "CloudFormation has no tag",
        ),
        ("[a]: b", "A key is a text"),
        ("? {a: b}\n      : c", "A key is a text"),
        ("a: 1\n      a: 2", "The key 'a' is given twice"),
    ] {
        let found = refused(&with_properties(properties));
        assert!(found.starts_with(expected), "{properties}: {found}");
    }
    let two = format!(
        "{}---\n{}",
        with_properties("a: 1"),
        with_properties("a: 1")
    );
    assert!(refused(&two).starts_with("A template is one YAML document"));
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    for (text, line, column) in [
        ("{", 1, 2),
        ("{\"a\"", 1, 5),
        ("{\"a\": }", 1, 7),
        ("{\"a\": 1,}", 1, 9),
        ("{\"a\": [1,\n 2,\n x]}", 3, 2),
        ("{\"a\": 1} x", 1, 10),
        ("{'a': 1}", 1, 2),
        ("{\"a\": \"b}", 1, 7),
        ("{\"a\": \"\\", 1, 7),
        ("{\"a\": \"\\é\"}", 1, 7),
        ("{\"a\": \"\\ud800\"}", 1, 7),
        ("{\"a\": NaN}", 1, 7),
        ("{\"a\": 01}", 1, 7),
        ("{\"a\": 1 // no\n}", 1, 9),
    ] {
        let place = read(text.as_bytes()).unwrap_err().place();
        assert_eq!(place, Some(Place { line, column }), "{text}");
    }
}

#[test]
fn text_that_is_not_utf_8_or_has_control_characters_is_refused_with_its_place() {
    let invalid = read(b"Resources:\n  A\xff: 1").unwrap_err();
    assert_eq!(invalid.place(), Some(Place { line: 2, column: 4 }));
    let invalid = read(b"Resources:\n  \0A: 1").unwrap_err();
    assert_eq!(invalid.place(), Some(Place { line: 2, column: 3 }));
    assert!(read("\u{feff}Resources: {A: {Type: X}}\r\n".as_bytes()).is_ok());
}

#[test]
fn hostile_documents_answer_in_under_a_second() {
    let million = TEMPLATE_BYTES_MAX;
    let laughs = {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..10 {
            let inside = vec![format!("*a{}", n - 1); 9].join(", ");
            let _ = writeln!(text, "a{n}: &a{n} [{inside}]");
        }
        text
    };
    let mut json_keys = "{\"k\":1".to_owned();
    let mut yaml_keys = String::new();
    for n in 0.. {
        if json_keys.len() > million - 20 || yaml_keys.len() > million - 20 {
            break;
        }
        let _ = write!(json_keys, ",\"{n}\":1");
        let _ = writeln!(yaml_keys, "k{n}: 1");
    }
    json_keys.push('}');
    let mut indents = String::new();
    for n in 0..1400 {
        let _ = writeln!(indents, "{}a:", " ".repeat(n));
    }
    let quoted = format!("[{}", "\"]\",[".repeat(million / 5 - 1));
    let documents: Vec<(&str, Vec<u8>)> = vec![
        ("billion laughs", laughs.into()),
        ("brackets", "[".repeat(million).into()),
        ("braces", "{".repeat(million).into()),
        (
            "braces after a dash",
            format!("- {}", "{".repeat(million - 2)).into(),
        ),
        ("json objects", "{\"a\":".repeat(million / 5).into()),
        (
            "json lists",
            format!("{{\"a\":{}", "[".repeat(million - 5)).into(),
        ),
        ("brackets hidden by quotes", quoted.into()),
        (
            "deep, then wide",
            format!("{}{}", "[".repeat(400), "a,".repeat(million / 2 - 200)).into(),
        ),
        (
            "wide, then deep",
            format!("[{}{}", "a,".repeat(10_000), "[".repeat(900_000)).into(),
        ),
        (
            "pairs in a list",
            format!("[{}", "a: b,".repeat(million / 5 - 1)).into(),
        ),
        (
            "empty lists",
            format!("[{}]", "[],".repeat(million / 3 - 1)).into(),
        ),
        ("dashes", "- ".repeat(million / 2).into()),
        ("questions", "? ".repeat(million / 2).into()),
        ("colons", ":".repeat(million).into()),
        ("colons apart", ": ".repeat(million / 2).into()),
        ("tags", "!a ".repeat(million / 3).into()),
        ("anchors", "&a ".repeat(million / 3).into()),
        ("stars", "*".repeat(million).into()),
        ("directives", "%TAG !a! b\n".repeat(million / 11).into()),
        ("documents", "---\n".repeat(million / 4).into()),
        ("lines", "\n".repeat(million).into()),
        ("comments", "#\n".repeat(million / 2).into()),
        ("blanks", " ".repeat(million).into()),
        ("tabs", "\t".repeat(million).into()),
        (
            "open quote",
            format!("a: \"{}", "x\n ".repeat(million / 3 - 2)).into(),
        ),
        (
            "open json text",
            format!("{{\"{}", "\\\\".repeat(million / 2 - 1)).into(),
        ),
        ("json keys", json_keys.into()),
        ("yaml keys", yaml_keys.into()),
        ("the same key", "a: 1\n".repeat(million / 5).into()),
        ("zeros", vec![0; million]),
        ("not text", vec![0xff; million]),
        (
            "a long number",
            format!("{{\"a\": {}}}", "9".repeat(400)).into(),
        ),
        (
            "a long yaml number",
            format!("a: {}", "9".repeat(400)).into(),
        ),
        (
            "a number of a million",
            format!("a: {}", "9".repeat(million - 3)).into(),
        ),
        ("a large exponent", b"{\"a\": 1e999999999}".to_vec()),
        ("too long by one", vec![b'a'; million + 1]),
        ("indents", indents.into()),
        (
            "block text",
            format!("a: |\n{}", " x\n".repeat(million / 3 - 2)).into(),
        ),
        (
            "folded text",
            format!("a: >\n{}", " x\n\n".repeat(million / 4 - 2)).into(),
        ),
    ];
    // Without optimisation everything takes some ten times as long.
    let most = Duration::from_secs(if cfg!(debug_assertions) { 12 } else { 1 });
    for (name, document) in documents {
        #[expect(clippy::disallowed_methods, reason = "a test may measure")]
        let began = Instant::now();
        let outcome = read(&document);
        println!(
            "{:>8.1?} {name}: {}",
            began.elapsed(),
            outcome.as_ref().unwrap_err()
        );
        assert!(outcome.is_err(), "{name}");
        assert!(began.elapsed() < most, "{name} took {:?}", began.elapsed());
    }
}

#[test]
fn the_limits_are_where_they_say() {
    let nested = |levels: usize| {
        let inner = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let properties = format!("a: {inner}");
        read(with_properties(&properties).as_bytes())
    };
    // The template, its resources, one of them and its properties are four levels.
    nested(DEPTH_MAX - 4).unwrap();
    assert!(
        nested(DEPTH_MAX - 3)
            .unwrap_err()
            .to_string()
            .contains("64 levels")
    );

    let wide = |values: usize| {
        let list = vec!["1"; values].join(",");
        let text =
            format!(r#"{{"Resources":{{"A":{{"Type":"X","Properties":{{"a":[{list}]}}}}}}}}"#);
        read(text.as_bytes())
    };
    wide(NODES_MAX - 6).unwrap();
    assert!(
        wide(NODES_MAX - 5)
            .unwrap_err()
            .to_string()
            .contains("100000 values")
    );
}

#[test]
fn a_large_honest_template_is_read() {
    let dashboard =
        "{\"type\":\"metric\",\"properties\":{\"metrics\":[[\"a\",\"b\"]]}},".repeat(2000);
    let text = with_properties(&format!("Body: '{dashboard}'"));
    assert!(text.len() > 100_000);
    read(text.as_bytes()).unwrap();
    let mut text = "Resources:\n".to_owned();
    for n in 0..500 {
        let _ = writeln!(
            text,
            "  R{n}:\n    Type: AWS::SNS::Topic\n    Properties: {{a: [{{b: !Sub 'x'}}]}}"
        );
    }
    read(text.as_bytes()).unwrap();
}

#[test]
fn no_mutation_of_a_template_makes_the_reader_panic() {
    const SPICE: &[u8] = b"[]{}:,-?&*!|>'\"%@`#<~ \n\t\\$.0aR\xc3\xa9\xff";
    // A linear congruential generator: the same documents on each run.
    let mut state = 7_u64;
    let mut pick = |most: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % most
    };
    for round in 0..MUTATIONS {
        let mut body = [BUCKET, NETWORK, QUEUE][round % 3].to_vec();
        for _ in 0..=pick(8) {
            let at = pick(body.len());
            match pick(4) {
                0 => body[at] = SPICE[pick(SPICE.len())],
                1 => body.insert(at, SPICE[pick(SPICE.len())]),
                2 => drop(body.drain(at..(at + pick(40)).min(body.len()))),
                _ => {
                    let piece = body[at..(at + pick(40)).min(body.len())].to_vec();
                    let to = pick(body.len());
                    body.splice(to..to, piece);
                }
            }
        }
        let _ = read(&body);
    }
}

/// How many mutated templates are read.
const MUTATIONS: usize = 3_000;
