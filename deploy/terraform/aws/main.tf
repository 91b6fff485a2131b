terraform {
  required_version = ">= 1.11"
  required_providers {
    aws    = { source = "hashicorp/aws", version = "~> 6.0" }
    random = { source = "hashicorp/random", version = "~> 3.7" }
  }
}

provider "aws" {
  region = var.region
  default_tags { tags = { product = "eco2", stage = var.stage } }
}

module "names" {
  source = "../names"
  target = "aws"
}

data "aws_caller_identity" "this" {}

locals {
  # Dapr's own: letters, digits, - and _ are what it leaves of a topic's name.
  topics = { for topic in module.names.topics : topic => replace(topic, "/[^A-Za-z0-9_-]/", "") }
  # consumerID of each component (components/aws).
  queue_of = { pubsub = "", dead-letters = "-dead-letters", job-events = "-job-events" }
  queues   = toset([for s in module.names.subscriptions : "${s.app}${local.queue_of[s.component]}" if s.component != "broadcast"])
  account  = "${var.region}:${data.aws_caller_identity.this.account_id}"
}

# One key for everything that lies or waits.
resource "aws_kms_key" "eco2" {
  description             = "Eco2 ${var.stage}: tables, queues, pictures, secrets"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "eco2" {
  name          = "alias/eco2"
  target_key_id = aws_kms_key.eco2.key_id
}

data "aws_iam_policy_document" "key" {
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.this.account_id}:root"]
    }
  }
  # SNS writes into encrypted queues.
  statement {
    sid       = "Services"
    actions   = ["kms:GenerateDataKey*", "kms:Decrypt"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.this.account_id]
    }
  }
}
