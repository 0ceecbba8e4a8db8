//! Views of templates: what they ask for and what they tell, as the wire shows it.

use mimeo_api as api;
use mimeo_domain::artifacts::Artifact;
use mimeo_domain::constraints::{self, Constraint};
use mimeo_templates::cloudformation::{FORMAT_VERSION, Output, Parameter, Template};

/// What is shown instead of the default of a parameter whose value must never be shown, as
/// CloudFormation masks such values in descriptions of stacks. Ours for templates: AWS is silent.
const MASK: &str = "****";

pub(crate) fn parameters(template: &Template) -> Vec<api::ProvisioningArtifactParameter> {
    template.parameters.iter().map(parameter).collect()
}

fn parameter(parameter: &Parameter) -> api::ProvisioningArtifactParameter {
    let default = parameter.default.as_deref();
    let shown = default.map(|default| if parameter.no_echo { MASK } else { default });
    api::ProvisioningArtifactParameter {
        default_value: shown.map(str::to_owned),
        description: parameter.description.clone(),
        is_no_echo: Some(parameter.no_echo),
        parameter_constraints: Some(api::ParameterConstraints {
            allowed_pattern: parameter.allowed_pattern.clone(),
            allowed_values: Some(parameter.allowed_values.clone()),
            constraint_description: parameter.constraint_description.clone(),
            max_length: parameter.max_length.clone(),
            max_value: parameter.max_value.clone(),
            min_length: parameter.min_length.clone(),
            min_value: parameter.min_value.clone(),
        }),
        parameter_key: Some(parameter.key.clone()),
        parameter_type: Some(parameter.kind.clone()),
    }
}

pub(crate) fn output_keys(template: &Template) -> Vec<api::ProvisioningArtifactOutput> {
    let shown = |output: &Output| api::ProvisioningArtifactOutput {
        description: output.description.clone(),
        key: Some(output.key.clone()),
    };
    template.outputs.iter().map(shown).collect()
}

/// The deprecated list, which recorded answers fill with the active versions of the product.
pub(crate) fn outputs(artifacts: &[Artifact]) -> Vec<api::ProvisioningArtifactOutput> {
    let shown = |artifact: &Artifact| api::ProvisioningArtifactOutput {
        description: Some(artifact.details.description.clone().unwrap_or_default()),
        key: Some(artifact.id.to_string()),
    };
    let active = artifacts.iter().filter(|artifact| artifact.active);
    active.map(shown).collect()
}

/// What else a launch is told, in the order of recorded answers. Without a template that can be read
/// there are only the constraints to tell of. Ours: each capability has an entry of its own.
pub(crate) fn usage_instructions(
    template: Option<&Template>,
    in_force: &[Constraint],
    launch_role: Option<String>,
) -> Vec<api::UsageInstruction> {
    let mut rules = template.map(Template::rules).unwrap_or_default();
    constraints::add_rules(&mut rules, &constraints::template_rules(in_force));
    let mut told = vec![("rules", serde_json::Value::Object(rules).to_string())];
    if let Some(template) = template {
        told.push(("version", FORMAT_VERSION.to_owned()));
        let capabilities = template.capabilities();
        let needed = capabilities.needed.iter();
        told.extend(needed.map(|one| ("capability", one.as_str().to_owned())));
        told.extend(
            capabilities
                .reason
                .map(|reason| ("capabilitiesReason", reason)),
        );
        let description = template.description.clone();
        told.extend(description.map(|description| ("description", description)));
        told.extend(template.metadata().map(|metadata| ("metadata", metadata)));
    }
    told.extend(launch_role.map(|arn| ("launchAsRole", arn)));
    let tag_update = constraints::tag_update(in_force).as_str().to_owned();
    told.push(("tagUpdateOnProvisionedProduct", tag_update));
    let shown = |(kind, value): (&str, String)| api::UsageInstruction {
        r#type: Some(kind.to_owned()),
        value: Some(value),
    };
    told.into_iter().map(shown).collect()
}

/// Where a launch makes its stacks; nothing unless it makes a stack set.
pub(crate) fn preferences(in_force: &[Constraint]) -> api::ProvisioningArtifactPreferences {
    let Some(stack_set) = constraints::stack_set(in_force) else {
        return api::ProvisioningArtifactPreferences::default();
    };
    api::ProvisioningArtifactPreferences {
        stack_set_accounts: Some(stack_set.accounts.iter().map(ToString::to_string).collect()),
        stack_set_regions: Some(stack_set.regions.iter().map(ToString::to_string).collect()),
    }
}
