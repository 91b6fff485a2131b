variable "subscription" {
  description = "Subscription id."
  type        = string
}

variable "location" {
  description = "Azure region."
  type        = string
}

variable "stage" {
  description = "On the resource group and every tag: production, test ... No other name has it: each stage has a subscription of its own."
  type        = string
}

variable "suffix" {
  description = "Makes the names that are the world's unique: small letters and digits, twenty at most."
  type        = string
}

variable "oidc_issuer" {
  description = "Issuer of the AKS cluster's service account tokens (workload identity)."
  type        = string
}

variable "namespace" {
  description = "Kubernetes namespace of the apps; the service account of an app has its app id."
  type        = string
  default     = "eco2"
}

variable "mail_domain" {
  description = "Domain that mail is sent from; its DNS takes the records of the outputs."
  type        = string
}

variable "monthly_budget" {
  description = "In the currency of the subscription; a mail is sent at 80 % and when 100 % is forecast."
  type        = number
}

variable "budget_start" {
  description = "First day of a month, such as 2027-01-01T00:00:00Z."
  type        = string
}

variable "alarm_address" {
  description = "Who hears of the budget."
  type        = string
}

variable "smtp_user" {
  description = "SMTP user name made for the communication service; its password is the secret smtp-password."
  type        = string
}

variable "network" {
  description = "Id of the cluster's virtual network."
  type        = string
}

variable "database_subnet" {
  description = "Id of a subnet of that network that is delegated to Microsoft.DBforPostgreSQL/flexibleServers."
  type        = string
}

variable "database_sku" {
  description = "Machine of PostgreSQL."
  type        = string
  default     = "GP_Standard_D2ds_v5"
}

variable "database_passwords" {
  description = "Raise it for new passwords of all logins; then run the migrations job and restart the apps."
  type        = number
  default     = 1
}
