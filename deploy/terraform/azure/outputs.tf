output "environment" {
  description = "What components/azure reads from the environment of the sidecars."
  value = {
    ECO2_COSMOS_URL           = azurerm_cosmosdb_account.eco2.endpoint
    ECO2_COSMOS_DATABASE      = azurerm_cosmosdb_sql_database.eco2.name
    ECO2_SERVICEBUS_NAMESPACE = "${azurerm_servicebus_namespace.eco2.name}.servicebus.windows.net"
    ECO2_STORAGE_ACCOUNT      = azurerm_storage_account.objects.name
    ECO2_KEYVAULT             = azurerm_key_vault.eco2.name
    ECO2_SMTP_USER            = var.smtp_user
    ECO2_MAIL_FROM            = "DoNotReply@${var.mail_domain}"
  }
}

output "clients" {
  description = "Client id of each app's identity, for the annotation azure.workload.identity/client-id, and of KEDA's, for deploy/argocd/azure."
  value       = merge({ for app, identity in azurerm_user_assigned_identity.app : app => identity.client_id }, { keda = azurerm_user_assigned_identity.keda.client_id })
}

output "mail_records" {
  description = "DNS records that prove the mail domain."
  value       = azurerm_email_communication_service_domain.mail.verification_records
}

output "tenant" {
  description = "Tenant of the identities, for deploy/argocd/azure."
  value       = data.azurerm_client_config.this.tenant_id
}
