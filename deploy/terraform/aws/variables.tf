variable "region" {
  description = "AWS region."
  type        = string
}

variable "stage" {
  description = "Part of every name that is the account's or the world's: production, test ..."
  type        = string
}

variable "cluster" {
  description = "Name of the EKS cluster, with the Pod Identity agent."
  type        = string
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
