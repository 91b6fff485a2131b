# Empty but for those of the database: their values are set by hand and never pass through Terraform's state.
resource "aws_secretsmanager_secret" "secret" {
  for_each   = toset(module.names.every_secret)
  name       = each.key
  kms_key_id = aws_kms_key.eco2.arn
}
