output "environment" {
  description = "What components/aws reads from the environment of the sidecars."
  value = {
    AWS_REGION          = var.region
    ECO2_STATE_TABLE    = aws_dynamodb_table.store["state"].name
    ECO2_JOBS_TABLE     = aws_dynamodb_table.store["jobs"].name
    ECO2_WORKFLOW_TABLE = aws_dynamodb_table.store["workflow"].name
    ECO2_OBJECTS_BUCKET = aws_s3_bucket.objects.bucket
    ECO2_MAIL_FROM      = "no-reply@${var.mail_domain}"
  }
}

output "dkim" {
  description = "CNAME records <token>._domainkey of the mail domain, to <token>.dkim.amazonses.com."
  value       = aws_sesv2_email_identity.mail.dkim_signing_attributes[0].tokens
}
