//! The rules of TEMPLATE constraints: CloudFormation's rule functions, each with its shape.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::problems::{Form, Problems, quoted};

/// Levels of functions within functions. Ours; CloudFormation names no limit.
const DEPTH_MAX: usize = 16;
/// Characters of a rule's name, as of other logical names in a template.
const RULE_NAME_MAX: usize = 255;
/// Conditions that `Fn::And` and `Fn::Or` join.
const JOINED: RangeInclusive<usize> = 2..=10;
const FUNCTIONS: &str = "Ref, Fn::And, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, \
                         Fn::Equals, Fn::If, Fn::Not, Fn::Or, Fn::RefAll, Fn::ValueOf and \
                         Fn::ValueOfAll";

const NAME: Form = Form {
    fits: |text| !text.is_empty(),
    is: "a name",
};
const TEXT: Form = Form {
    fits: |_| true,
    is: "a text",
};

/// What an expression must give where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// True or false, from a function.
    Condition,
    Text,
    List,
    Anything,
}

impl Wanted {
    fn is(self) -> &'static str {
        match self {
            Self::Condition => "must be a rule function that gives true or false",
            Self::Text => "must be a text or a function that gives one",
            Self::List => "must be a list or a function that gives one",
            Self::Anything => "must be a value or a rule function",
        }
    }
}

/// Reads `Rules`: by name, each with a condition or none, and with assertions.
pub(super) fn read(
    root: &Map<String, Value>,
    problems: &mut Problems,
) -> Option<Map<String, Value>> {
    let rules = problems.member("$", root, "Rules")?;
    let rules = problems.object("$.Rules", rules)?;
    if rules.is_empty() {
        problems.add("$.Rules", "must hold at least one rule");
    }
    for (name, rule) in rules {
        if name.is_empty() || name.chars().count() > RULE_NAME_MAX {
            let named = format!(
                "must not hold {}: a name has 1 to 255 characters",
                quoted(name)
            );
            problems.add("$.Rules", &named);
        } else {
            Checker { problems }.rule(&format!("$.Rules.{name}"), rule);
        }
    }
    Some(rules.clone())
}

struct Checker<'a> {
    problems: &'a mut Problems,
}

impl Checker<'_> {
    fn rule(&mut self, at: &str, rule: &Value) {
        let Some(rule) = self.problems.object(at, rule) else {
            return;
        };
        self.only(at, rule, &["RuleCondition", "Assertions"]);
        if let Some(condition) = rule.get("RuleCondition") {
            let at = format!("{at}.RuleCondition");
            self.expression(&at, condition, Wanted::Condition, DEPTH_MAX);
        }
        let Some(assertions) = self.problems.member(at, rule, "Assertions") else {
            return;
        };
        let at = format!("{at}.Assertions");
        let assertions = self.problems.list(&at, assertions, 1..=usize::MAX);
        for (index, assertion) in assertions.into_iter().flatten().enumerate() {
            self.assertion(&format!("{at}[{index}]"), assertion);
        }
    }

    fn assertion(&mut self, at: &str, assertion: &Value) {
        let Some(assertion) = self.problems.object(at, assertion) else {
            return;
        };
        self.only(at, assertion, &["Assert", "AssertDescription"]);
        if let Some(condition) = self.problems.member(at, assertion, "Assert") {
            let at = format!("{at}.Assert");
            self.expression(&at, condition, Wanted::Condition, DEPTH_MAX);
        }
        if let Some(description) = assertion.get("AssertDescription") {
            let at = format!("{at}.AssertDescription");
            self.problems.text(&at, description, TEXT);
        }
    }

    /// A member of a wrong name would be a rule that silently does not hold.
    fn only(&mut self, at: &str, object: &Map<String, Value>, names: &[&str]) {
        for name in object.keys().filter(|name| !names.contains(&name.as_str())) {
            let rule = format!(
                "must hold only {}, not {}",
                names.join(" and "),
                quoted(name)
            );
            self.problems.add(at, &rule);
        }
    }

    fn expression(&mut self, at: &str, value: &Value, wanted: Wanted, depth_left: usize) {
        if depth_left == 0 {
            let rule = format!("is nested in more than {DEPTH_MAX} functions and lists");
            return self.problems.add(at, &rule);
        }
        let fits = match value {
            Value::Object(function) => return self.function(at, function, wanted, depth_left),
            Value::Array(items) => {
                let item_wanted = match wanted {
                    Wanted::List => Wanted::Text,
                    Wanted::Condition | Wanted::Text | Wanted::Anything => Wanted::Anything,
                };
                for (index, item) in items.iter().enumerate() {
                    let at = format!("{at}[{index}]");
                    self.expression(&at, item, item_wanted, depth_left - 1);
                }
                matches!(wanted, Wanted::List | Wanted::Anything)
            }
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                matches!(wanted, Wanted::Text | Wanted::Anything)
            }
            Value::Null => false,
        };
        if !fits {
            self.problems.add(at, wanted.is());
        }
    }

    fn function(
        &mut self,
        at: &str,
        function: &Map<String, Value>,
        wanted: Wanted,
        depth_left: usize,
    ) {
        let mut members = function.iter();
        let (Some((name, argument)), None) = (members.next(), members.next()) else {
            return self.problems.add(at, "must hold exactly one function");
        };
        let inner = format!("{at}.{name}");
        let depth_left = depth_left - 1;
        let is_condition = match name.as_str() {
            "Fn::And" | "Fn::Or" => {
                self.each(&inner, argument, JOINED, Wanted::Condition, depth_left);
                true
            }
            "Fn::Not" => {
                self.each(&inner, argument, 1..=1, Wanted::Condition, depth_left);
                true
            }
            "Fn::Equals" => {
                self.each(&inner, argument, 2..=2, Wanted::Anything, depth_left);
                true
            }
            "Fn::Contains" | "Fn::EachMemberEquals" => {
                self.all(&inner, argument, &[Wanted::List, Wanted::Text], depth_left);
                true
            }
            "Fn::EachMemberIn" => {
                self.all(&inner, argument, &[Wanted::List, Wanted::List], depth_left);
                true
            }
            "Fn::If" => {
                // It gives what its branches give.
                let arguments = [Wanted::Condition, wanted, wanted];
                return self.all(&inner, argument, &arguments, depth_left);
            }
            "Ref" => {
                self.problems.text(&inner, argument, NAME);
                false
            }
            "Fn::RefAll" => {
                self.problems.text(&inner, argument, NAME);
                return self.gives_list(at, wanted);
            }
            "Fn::ValueOf" => {
                self.problems.texts(&inner, argument, 2..=2, NAME);
                false
            }
            "Fn::ValueOfAll" => {
                self.problems.texts(&inner, argument, 2..=2, NAME);
                return self.gives_list(at, wanted);
            }
            _ => {
                let rule = format!("holds {}; the rule functions are {FUNCTIONS}", quoted(name));
                return self.problems.add(at, &rule);
            }
        };
        // A reference gives a text or a list, as the parameter is.
        if is_condition != (wanted == Wanted::Condition) && wanted != Wanted::Anything {
            self.problems.add(at, wanted.is());
        }
    }

    fn gives_list(&mut self, at: &str, wanted: Wanted) {
        if !matches!(wanted, Wanted::List | Wanted::Anything) {
            self.problems.add(at, wanted.is());
        }
    }

    fn each(
        &mut self,
        at: &str,
        argument: &Value,
        lengths: RangeInclusive<usize>,
        wanted: Wanted,
        depth_left: usize,
    ) {
        let items = self.problems.list(at, argument, lengths);
        for (index, item) in items.into_iter().flatten().enumerate() {
            self.expression(&format!("{at}[{index}]"), item, wanted, depth_left);
        }
    }

    fn all(&mut self, at: &str, argument: &Value, wanted: &[Wanted], depth_left: usize) {
        let lengths = wanted.len()..=wanted.len();
        let items = self.problems.list(at, argument, lengths);
        for (index, (item, wanted)) in items.into_iter().flatten().zip(wanted).enumerate() {
            self.expression(&format!("{at}[{index}]"), item, *wanted, depth_left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(rules: Value) -> Vec<String> {
        let mut problems = Problems::default();
        let root = Map::from_iter([("Rules".to_owned(), rules)]);
        read(&root, &mut problems);
        problems.into_told()
    }

    fn of_assert(assert: &Value) -> Vec<String> {
        problems(json!({"r": {"Assertions": [{"Assert": assert}]}}))
    }

    const AT: &str = "$.Rules.r.Assertions[0].Assert";

    #[test]
    fn the_functions_of_the_administrator_guide_are_taken() {
        let equals = json!({"Fn::Equals": [{"Ref": "Environment"}, "test"]});
        let all = json!({"Fn::ValueOfAll": ["AWS::EC2::VPC::Id", "Tags.Department"]});
        for assert in [
            equals.clone(),
            json!({"Fn::Equals": [1, true]}),
            json!({"Fn::Equals": [["a"], {"Fn::RefAll": "AWS::EC2::VPC::Id"}]}),
            json!({"Fn::And": [equals, {"Fn::Not": [equals]}]}),
            json!({"Fn::Or": vec![equals.clone(); 10]}),
            json!({"Fn::Contains": [["m1.small", "m1.large"], {"Ref": "InstanceType"}]}),
            json!({"Fn::Contains": [{"Ref": "Types"}, {"Fn::ValueOf": ["ElbVpc", "Tags.Department"]}]}),
            json!({"Fn::EachMemberEquals": [all, "IT"]}),
            json!({"Fn::EachMemberIn": [
                {"Fn::ValueOf": ["Subnets", "VpcId"]}, {"Fn::RefAll": "AWS::EC2::VPC::Id"},
            ]}),
            json!({"Fn::Contains": [{"Fn::If": [equals, ["a"], {"Ref": "Others"}]}, "a"]}),
            json!({"Fn::If": [equals, equals, equals]}),
        ] {
            assert_eq!(of_assert(&assert), Vec::<String>::new(), "{assert}");
            let whole = json!({"Rule-1": {
                "RuleCondition": assert,
                "Assertions": [{"Assert": assert, "AssertDescription": "why"}],
            }});
            assert_eq!(problems(whole), Vec::<String>::new(), "{assert}");
        }
    }

    #[test]
    fn what_is_no_rule_is_told_where() {
        let assert = json!({"Fn::Equals": [1, 1]});
        for (rules, told) in [
            (json!([]), "$.Rules must be an object"),
            (json!({}), "$.Rules must hold at least one rule"),
            (json!({"r": 1}), "$.Rules.r must be an object"),
            (json!({"r": {}}), "$.Rules.r.Assertions is missing"),
            (
                json!({"r": {"Assertions": []}}),
                "$.Rules.r.Assertions must be a list of at least 1",
            ),
            (
                json!({"r": {"Assertions": [{}]}}),
                "$.Rules.r.Assertions[0].Assert is missing",
            ),
            (
                json!({"r": {"Assertions": [{"Assert": assert, "AssertDescription": 1}]}}),
                "$.Rules.r.Assertions[0].AssertDescription must be a text",
            ),
            (
                json!({"r": {"Assertions": [{"Assert": assert}], "RuleConditions": assert}}),
                "$.Rules.r must hold only RuleCondition and Assertions, not \"RuleConditions\"",
            ),
            (
                json!({"": {"Assertions": [{"Assert": assert}]}}),
                "$.Rules must not hold \"\": a name has 1 to 255 characters",
            ),
        ] {
            assert_eq!(problems(rules.clone()), [told], "{rules}");
        }
    }

    #[test]
    fn a_function_has_its_shape_and_gives_what_is_wanted() {
        let condition = Wanted::Condition.is();
        for (assert, at, told) in [
            (json!("true"), "", condition),
            (json!(true), "", condition),
            (json!(null), "", condition),
            (json!({"Ref": "Flag"}), "", condition),
            (json!({"Fn::RefAll": "T"}), "", condition),
            (json!({}), "", "must hold exactly one function"),
            (
                json!({"Fn::And": [], "Fn::Or": []}),
                "",
                "must hold exactly one function",
            ),
            (
                json!({"Fn::And": [{"Fn::Equals": [1, 1]}]}),
                ".Fn::And",
                "must be a list of 2 to 10",
            ),
            (
                json!({"Fn::Not": {"Fn::Equals": [1, 1]}}),
                ".Fn::Not",
                "must be a list of 1",
            ),
            (json!({"Fn::Not": ["x"]}), ".Fn::Not[0]", condition),
            (
                json!({"Fn::Equals": [1]}),
                ".Fn::Equals",
                "must be a list of 2",
            ),
            (
                json!({"Fn::Equals": [1, null]}),
                ".Fn::Equals[1]",
                Wanted::Anything.is(),
            ),
            (
                json!({"Fn::Contains": ["a", "a"]}),
                ".Fn::Contains[0]",
                Wanted::List.is(),
            ),
            (
                json!({"Fn::Contains": [["a"], ["a"]]}),
                ".Fn::Contains[1]",
                Wanted::Text.is(),
            ),
            (
                json!({"Fn::Contains": [["a"], {"Fn::RefAll": "T"}]}),
                ".Fn::Contains[1]",
                Wanted::Text.is(),
            ),
            (
                json!({"Fn::EachMemberIn": [["a"], {"Fn::Equals": [1, 1]}]}),
                ".Fn::EachMemberIn[1]",
                Wanted::List.is(),
            ),
            (
                json!({"Fn::EachMemberEquals": [{"Fn::ValueOfAll": ["T"]}, "x"]}),
                ".Fn::EachMemberEquals[0].Fn::ValueOfAll",
                "must be a list of 2",
            ),
            (
                json!({"Fn::Equals": [{"Fn::ValueOf": ["P", {"Ref": "A"}]}, "x"]}),
                ".Fn::Equals[0].Fn::ValueOf[1]",
                "must be a name",
            ),
            (
                json!({"Fn::Equals": [{"Ref": ""}, "x"]}),
                ".Fn::Equals[0].Ref",
                "must be a name",
            ),
        ] {
            assert_eq!(of_assert(&assert), [format!("{AT}{at} {told}")], "{assert}");
        }
        let unknown = of_assert(&json!({"Fn::Equals": [{"Fn::Sub": "x"}, {"Fn::GetAtt": "y"}]}));
        assert_eq!(unknown.len(), 2, "both are told");
        assert!(unknown[0].starts_with(&format!("{AT}.Fn::Equals[0] holds \"Fn::Sub\"; the rule")));
    }

    #[test]
    fn functions_are_nested_so_deep_and_no_deeper() {
        let nested = |levels_count| {
            let mut assert = json!({"Fn::Equals": [1, 1]});
            for _ in 0..levels_count {
                assert = json!({"Fn::Not": [assert]});
            }
            of_assert(&assert)
        };
        assert_eq!(nested(DEPTH_MAX - 2), Vec::<String>::new());
        let told = nested(DEPTH_MAX - 1);
        assert_eq!(told.len(), 2, "both sides of the equation are too deep");
        assert!(told[0].ends_with("is nested in more than 16 functions and lists"));
        assert_eq!(nested(100).len(), 1);
    }
}
