//! Names: from the model's spelling to Rust's.

/// `ProductARN` → `product_arn`.
pub(super) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let after_small = index > 0 && !letters[index - 1].is_uppercase();
        let before_small = letters
            .get(index + 1)
            .is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && index > 0 && (after_small || before_small) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// `ProductARN` → `product_arn`, `Type` → `r#type`.
pub(super) fn field(member: &str) -> String {
    let name = snake(member);
    if name == "type" {
        "r#type".to_owned()
    } else {
        name
    }
}

/// `ProductArn` → `PRODUCT_ARN`.
pub(super) fn constant(shape: &str) -> String {
    snake(shape).to_uppercase()
}

/// `MARKETPLACE_AMI` → `MarketplaceAmi`, `CopyTags` → `CopyTags`.
pub(super) fn variant(value: &str) -> String {
    let loud = !value.chars().any(char::is_lowercase);
    let capitalised = |word: &str| {
        let (first, rest) = word.split_at(1);
        let rest = if loud {
            rest.to_lowercase()
        } else {
            rest.to_owned()
        };
        first.to_uppercase() + &rest
    };
    value
        .split('_')
        .filter(|word| !word.is_empty())
        .map(capitalised)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_words_in_the_models_spelling() {
        for (name, expected) in [
            ("ProductARN", "product_arn"),
            ("PrincipalARN", "principal_arn"),
            ("SourceProductArn", "source_product_arn"),
            ("LoadTemplateFromURL", "load_template_from_url"),
            ("AWSOrganizationsAccess", "aws_organizations_access"),
            ("Id", "id"),
        ] {
            assert_eq!(snake(name), expected);
        }
        assert_eq!(field("Type"), "r#type");
        assert_eq!(constant("PageSizeMax100"), "PAGE_SIZE_MAX100");
        assert_eq!(variant("MARKETPLACE_AMI"), "MarketplaceAmi");
        assert_eq!(variant("CopyTags"), "CopyTags");
        assert_eq!(variant("IAM"), "Iam");
    }
}
