# Empty: their values are set by hand or by External Secrets and never pass through Terraform's state.
resource "aws_secretsmanager_secret" "secret" {
  for_each   = module.names.secrets
  name       = each.key
  kms_key_id = aws_kms_key.eco2.arn
}
