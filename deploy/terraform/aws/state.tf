# state.yaml, jobs.yaml, workflow.yaml: each its table, as Dapr wants it.
resource "aws_dynamodb_table" "store" {
  for_each     = toset(["state", "jobs", "workflow"])
  name         = "eco2-${each.key}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "key"

  attribute {
    name = "key"
    type = "S"
  }
  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }
  point_in_time_recovery { enabled = true }
  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.eco2.arn
  }
  deletion_protection_enabled = true
}
