variable "region" {
  description = "AWS region."
  type        = string
}

variable "stage" {
  description = "On every tag: production, test ... No name has it: each stage has an account of its own."
  type        = string
}

variable "oidc_issuer" {
  description = "Issuer of the EKS cluster's service account tokens without https://, an OIDC provider of the account (IAM roles for service accounts)."
  type        = string
}

variable "network" {
  description = "Id of the cluster's VPC."
  type        = string
}

variable "database_subnets" {
  description = "Private subnets of that VPC, in two zones or more."
  type        = list(string)
}

variable "cluster_security_group" {
  description = "Security group of the cluster's pods."
  type        = string
}

variable "database_class" {
  description = "Machine of PostgreSQL."
  type        = string
  default     = "db.m7g.large"
}

variable "database_passwords" {
  description = "Raise it for new passwords of all logins; then run the migrations job and restart the apps."
  type        = number
  default     = 1
}

variable "namespace" {
  description = "Kubernetes namespace of the apps; the service account of an app has its app id."
  type        = string
  default     = "eco2"
}

variable "mail_domain" {
  description = "Domain that mail is sent from; its DNS takes the three DKIM records of the outputs."
  type        = string
}

variable "monthly_budget" {
  description = "US dollars a month; a mail is sent at 80 % and when 100 % is forecast."
  type        = number
}

variable "alarm_address" {
  description = "Who hears of the budget."
  type        = string
}
