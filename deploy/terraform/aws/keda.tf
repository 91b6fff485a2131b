# KEDA's operator counts what waits in the queues that the overlay's scalers name, and may nothing else. Its chart gets the role in deploy/argocd/aws.
data "aws_iam_policy_document" "keda_trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.this.account_id}:oidc-provider/${var.oidc_issuer}"]
    }
    condition {
      test     = "StringEquals"
      variable = "${var.oidc_issuer}:sub"
      values   = ["system:serviceaccount:keda:keda-operator"]
    }
    condition {
      test     = "StringEquals"
      variable = "${var.oidc_issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "keda" {
  statement {
    sid       = "Count"
    actions   = ["sqs:GetQueueAttributes"]
    resources = [for trigger in module.names.scaled : aws_sqs_queue.app[trigger.queueURL].arn]
  }
}

resource "aws_iam_role" "keda" {
  name               = "eco2-keda"
  assume_role_policy = data.aws_iam_policy_document.keda_trust.json
}

resource "aws_iam_role_policy" "keda" {
  name   = "queues"
  role   = aws_iam_role.keda.id
  policy = data.aws_iam_policy_document.keda.json
}
