variable "project" {
  description = "Project id; a project for each stage."
  type        = string
}

variable "region" {
  description = "Region of everything."
  type        = string
}

variable "namespace" {
  description = "Kubernetes namespace of the apps; the service account of an app has its app id."
  type        = string
  default     = "eco2"
}

variable "network" {
  description = "Self link of the VPC network of the cluster, with private services access."
  type        = string
}

variable "database_tier" {
  description = "Machine of Cloud SQL."
  type        = string
  default     = "db-custom-2-7680"
}

variable "smtp_host" {
  description = "The SMTP relay: Google Cloud has no mailer of its own."
  type        = string
}

variable "smtp_user" {
  description = "User name at the relay; the password is the secret smtp-password."
  type        = string
}

variable "mail_from" {
  description = "Sender, an address that the relay lets us use."
  type        = string
}

variable "billing_account" {
  description = "Id of the billing account."
  type        = string
}

variable "monthly_budget" {
  description = "In the currency of the billing account; its admins get a mail at 80 % and when 100 % is forecast."
  type        = number
}

variable "database_passwords" {
  description = "Raise it for new passwords of all logins; then run the migrations job and restart the apps."
  type        = number
  default     = 1
}
