# Every aws_servicecatalog_* resource and data source that needs no provisioning.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "mimeo" {
  description = "Where Mimeo listens: Service Catalog and STS."
  type        = string
}

variable "aws" {
  description = "Where S3 and IAM are served."
  type        = string
}

variable "account" {
  description = "The hub. It is the account that moto plays, too."
  type        = string
  default     = "123456789012"
}

variable "spoke" {
  type    = string
  default = "222222222222"
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = var.account
  secret_key                  = "any"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  s3_use_path_style           = true

  endpoints {
    servicecatalog = var.mimeo
    sts            = var.mimeo
    s3             = var.aws
    iam            = var.aws
  }
}

data "aws_caller_identity" "hub" {}

# What other services keep: the template and the roles.

resource "aws_s3_bucket" "templates" {
  bucket = "platform-templates"
}

resource "aws_s3_object" "topic" {
  bucket = aws_s3_bucket.templates.id
  key    = "topic.yaml"
  # Mimeo fetches templates without credentials.
  acl     = "public-read"
  content = <<-YAML
    AWSTemplateFormatVersion: "2010-09-09"
    Description: A topic of the platform team
    Resources:
      Topic:
        Type: AWS::SNS::Topic
  YAML
}

resource "aws_iam_role" "developer" {
  name = "Developer"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = data.aws_caller_identity.hub.account_id }
    }]
  })
}

locals {
  template_url = "https://${aws_s3_object.topic.bucket}.s3.us-east-1.amazonaws.com/${aws_s3_object.topic.key}"
}

# Products and versions.

resource "aws_servicecatalog_product" "topic" {
  name                = "topic"
  owner               = "Platform team"
  type                = "CLOUD_FORMATION_TEMPLATE"
  description         = "A topic with our defaults"
  distributor         = "Platform team"
  support_description = "Ask in the channel"
  support_email       = "platform@example.com"
  support_url         = "https://example.com/platform"

  provisioning_artifact_parameters {
    name         = "1.0"
    description  = "The first"
    template_url = local.template_url
    type         = "CLOUD_FORMATION_TEMPLATE"
  }

  tags = {
    team = "platform"
  }
}

resource "aws_servicecatalog_provisioning_artifact" "second" {
  product_id   = aws_servicecatalog_product.topic.id
  name         = "2.0"
  description  = "The second"
  template_url = local.template_url
  type         = "CLOUD_FORMATION_TEMPLATE"
  active       = true
  guidance     = "DEPRECATED"
}

# Portfolios.

resource "aws_servicecatalog_portfolio" "messaging" {
  name          = "Messaging"
  description   = "What sends messages"
  provider_name = "Platform team"

  tags = {
    team = "platform"
  }
}

resource "aws_servicecatalog_product_portfolio_association" "topic" {
  portfolio_id = aws_servicecatalog_portfolio.messaging.id
  product_id   = aws_servicecatalog_product.topic.id
}

resource "aws_servicecatalog_principal_portfolio_association" "developer" {
  portfolio_id  = aws_servicecatalog_portfolio.messaging.id
  principal_arn = aws_iam_role.developer.arn
}

resource "aws_servicecatalog_principal_portfolio_association" "anybody" {
  portfolio_id   = aws_servicecatalog_portfolio.messaging.id
  principal_arn  = "arn:aws:iam:::role/Dev*"
  principal_type = "IAM_PATTERN"
}

resource "aws_servicecatalog_portfolio_share" "spoke" {
  portfolio_id      = aws_servicecatalog_portfolio.messaging.id
  principal_id      = var.spoke
  type              = "ACCOUNT"
  share_tag_options = true
}

# The organization.

resource "aws_servicecatalog_organizations_access" "all" {
  enabled = true
}

resource "aws_servicecatalog_portfolio_share" "organization" {
  depends_on = [
    aws_servicecatalog_organizations_access.all,
    aws_servicecatalog_portfolio_share.spoke,
  ]

  portfolio_id     = aws_servicecatalog_portfolio.messaging.id
  principal_id     = "arn:aws:organizations::${var.account}:organization/o-exampleorg1"
  type             = "ORGANIZATION"
  share_principals = true
}

# Constraints.

resource "aws_servicecatalog_constraint" "launch" {
  depends_on = [aws_servicecatalog_product_portfolio_association.topic]

  description  = "As whom"
  portfolio_id = aws_servicecatalog_portfolio.messaging.id
  product_id   = aws_servicecatalog_product.topic.id
  type         = "LAUNCH"
  parameters   = jsonencode({ LocalRoleName = "Launcher" })
}

resource "aws_servicecatalog_constraint" "template" {
  depends_on = [aws_servicecatalog_product_portfolio_association.topic]

  portfolio_id = aws_servicecatalog_portfolio.messaging.id
  product_id   = aws_servicecatalog_product.topic.id
  type         = "TEMPLATE"
  parameters = jsonencode({
    Rules = {
      named = {
        Assertions = [{
          Assert            = { "Fn::Not" = [{ "Fn::Equals" = [{ Ref = "Name" }, ""] }] }
          AssertDescription = "A topic has a name"
        }]
      }
    }
  })
}

# TagOptions, budgets, service actions.

resource "aws_servicecatalog_tag_option" "test" {
  key   = "stage"
  value = "test"
}

resource "aws_servicecatalog_tag_option" "old" {
  key    = "stage"
  value  = "old"
  active = false
}

resource "aws_servicecatalog_tag_option_resource_association" "portfolio" {
  resource_id   = aws_servicecatalog_portfolio.messaging.id
  tag_option_id = aws_servicecatalog_tag_option.test.id
}

resource "aws_servicecatalog_tag_option_resource_association" "product" {
  resource_id   = aws_servicecatalog_product.topic.id
  tag_option_id = aws_servicecatalog_tag_option.test.id
}

resource "aws_servicecatalog_budget_resource_association" "portfolio" {
  budget_name = "monthly"
  resource_id = aws_servicecatalog_portfolio.messaging.id
}

resource "aws_servicecatalog_service_action" "restart" {
  name        = "Restart"
  description = "Turns it off and on again"

  definition {
    name    = "AWS-RestartEC2Instance"
    version = "1"
  }
}

# What can be read.

data "aws_servicecatalog_portfolio" "messaging" {
  id = aws_servicecatalog_portfolio.messaging.id
}

data "aws_servicecatalog_product" "topic" {
  id = aws_servicecatalog_product.topic.id
}

data "aws_servicecatalog_constraint" "launch" {
  id = aws_servicecatalog_constraint.launch.id
}

data "aws_servicecatalog_portfolio_constraints" "messaging" {
  depends_on = [
    aws_servicecatalog_constraint.launch,
    aws_servicecatalog_constraint.template,
  ]

  portfolio_id = aws_servicecatalog_portfolio.messaging.id
}

data "aws_servicecatalog_provisioning_artifacts" "topic" {
  depends_on = [aws_servicecatalog_provisioning_artifact.second]

  product_id = aws_servicecatalog_product.topic.id
}

data "aws_servicecatalog_launch_paths" "topic" {
  depends_on = [
    aws_servicecatalog_principal_portfolio_association.developer,
    aws_servicecatalog_product_portfolio_association.topic,
  ]

  product_id = aws_servicecatalog_product.topic.id
}

output "account" {
  value = data.aws_caller_identity.hub.account_id
}

output "portfolio" {
  value = data.aws_servicecatalog_portfolio.messaging.name
}

output "product" {
  value = data.aws_servicecatalog_product.topic.description
}

output "constraint" {
  value = jsondecode(data.aws_servicecatalog_constraint.launch.parameters)
}

output "constraints" {
  value = toset(data.aws_servicecatalog_portfolio_constraints.messaging.details[*].type)
}

output "versions" {
  value = data.aws_servicecatalog_provisioning_artifacts.topic.provisioning_artifact_details[*].name
}

output "paths" {
  value = data.aws_servicecatalog_launch_paths.topic.summaries[*].name
}
