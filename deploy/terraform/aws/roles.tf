# A role for each app, taken on by its service account alone; what it may follows from the scopes of the components.
locals {
  users  = module.names.users
  stores = { for name in ["state", "jobs", "workflow"] : name => local.users[name] }
  own_queues = {
    for app in module.names.apps : app => concat(
      [for queue in local.queues : "arn:aws:sqs:${local.account}:${queue}" if contains([for suffix in values(local.queue_of) : "${app}${suffix}"], queue)],
      contains(local.users.broadcast, app) ? ["arn:aws:sqs:${local.account}:broadcast-*"] : []
    )
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = toset(module.names.accounts)
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.this.account_id}:oidc-provider/${var.oidc_issuer}"]
    }
    condition {
      test     = "StringEquals"
      variable = "${var.oidc_issuer}:sub"
      values   = ["system:serviceaccount:${var.namespace}:${each.key}"]
    }
    condition {
      test     = "StringEquals"
      variable = "${var.oidc_issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "app" {
  for_each           = toset(module.names.accounts)
  name               = "eco2-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
}

resource "aws_iam_role_policy" "app" {
  for_each = toset(module.names.apps)
  name     = "components"
  role     = aws_iam_role.app[each.key].id
  policy   = data.aws_iam_policy_document.app[each.key].json
}

resource "aws_iam_role_policy" "secrets_reader" {
  name   = "secrets"
  role   = aws_iam_role.app["secrets-reader"].id
  policy = data.aws_iam_policy_document.secrets_reader.json
}

data "aws_iam_policy_document" "secrets_reader" {
  statement {
    sid       = "Secrets"
    actions   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
    resources = [for name in module.names.platform_secrets : aws_secretsmanager_secret.secret[name].arn]
  }
  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.eco2.arn]
  }
}

data "aws_iam_policy_document" "app" {
  for_each = toset(module.names.apps)

  statement {
    sid       = "State"
    actions   = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem"]
    resources = [for name, users in local.stores : aws_dynamodb_table.store[name].arn if contains(users, each.key)]
  }
  statement {
    sid       = "Publish"
    actions   = ["sns:CreateTopic", "sns:TagResource", "sns:GetTopicAttributes", "sns:Publish", "sns:Subscribe", "sns:ListSubscriptionsByTopic"]
    resources = [for topic in aws_sns_topic.topic : topic.arn]
  }
  dynamic "statement" {
    for_each = length(local.own_queues[each.key]) > 0 ? [local.own_queues[each.key]] : []
    content {
      sid       = "Receive"
      actions   = ["sqs:CreateQueue", "sqs:TagQueue", "sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
      resources = statement.value
    }
  }
  dynamic "statement" {
    for_each = contains(local.users.objects, each.key) ? [1] : []
    content {
      sid       = "Objects"
      actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      resources = ["${aws_s3_bucket.objects.arn}/*"]
    }
  }
  dynamic "statement" {
    for_each = contains(local.users.mail, each.key) ? [1] : []
    content {
      sid       = "Mail"
      actions   = ["ses:SendEmail"]
      resources = [aws_sesv2_email_identity.mail.arn]
    }
  }
  dynamic "statement" {
    for_each = anytrue([for users in values(module.names.secrets) : contains(users, each.key)]) ? [1] : []
    content {
      sid       = "Secrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [for name, users in module.names.secrets : aws_secretsmanager_secret.secret[name].arn if contains(users, each.key)]
    }
  }
  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.eco2.arn]
  }
}
