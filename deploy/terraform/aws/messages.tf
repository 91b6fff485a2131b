# Topics and queues with the names and tags that Dapr gives them: it finds them, and makes only the broadcast queues of single sidecars.
resource "aws_sns_topic" "topic" {
  for_each          = local.topics
  name              = each.value
  kms_master_key_id = aws_kms_key.eco2.arn
  tags              = { dapr-topic-name = each.key }
}

resource "aws_sqs_queue" "app" {
  for_each                   = local.queues
  name                       = each.key
  kms_master_key_id          = aws_kms_key.eco2.arn
  visibility_timeout_seconds = 300
  # Letters that nobody could keep wait as long as SQS can.
  message_retention_seconds = endswith(each.key, "-dead-letters") ? 1209600 : 345600
  tags                      = { dapr-queue-name = each.key }
}

resource "aws_sqs_queue_policy" "app" {
  for_each  = aws_sqs_queue.app
  queue_url = each.value.url
  policy    = data.aws_iam_policy_document.queue[each.key].json
}

data "aws_iam_policy_document" "queue" {
  for_each = aws_sqs_queue.app
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [each.value.arn]
    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for topic in aws_sns_topic.topic : topic.arn]
    }
  }
}
