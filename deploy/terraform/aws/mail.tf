resource "aws_sesv2_email_identity" "mail" {
  email_identity = var.mail_domain
}
