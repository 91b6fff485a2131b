# An identity for each app, taken on by its service account alone; what it may follows from the scopes of the components.
locals {
  stores = merge([for name in ["state", "jobs", "workflow"] : { for app in local.users[name] : "${name}/${app}" => { store = name, app = app } }]...)
  reads  = merge([for secret, apps in module.names.secrets : { for app in apps : "${secret}/${app}" => { secret = secret, app = app } }]...)
  # The built-in "Cosmos DB Built-in Data Contributor".
  cosmos_contributor = "${azurerm_cosmosdb_account.eco2.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002"
}

resource "azurerm_user_assigned_identity" "app" {
  for_each            = toset(module.names.accounts)
  name                = "eco2-${each.key}"
  resource_group_name = azurerm_resource_group.eco2.name
  location            = azurerm_resource_group.eco2.location
}

resource "azurerm_federated_identity_credential" "app" {
  for_each            = azurerm_user_assigned_identity.app
  name                = "kubernetes"
  resource_group_name = azurerm_resource_group.eco2.name
  parent_id           = each.value.id
  issuer              = var.oidc_issuer
  subject             = "system:serviceaccount:${var.namespace}:${each.key}"
  audience            = ["api://AzureADTokenExchange"]
}

resource "azurerm_cosmosdb_sql_role_assignment" "store" {
  for_each            = local.stores
  resource_group_name = azurerm_resource_group.eco2.name
  account_name        = azurerm_cosmosdb_account.eco2.name
  role_definition_id  = local.cosmos_contributor
  principal_id        = azurerm_user_assigned_identity.app[each.value.app].principal_id
  scope               = "${azurerm_cosmosdb_account.eco2.id}/dbs/${azurerm_cosmosdb_sql_database.eco2.name}/colls/${each.value.store}"
}

# Owner of the namespace's data, not only sender and receiver: Dapr looks whether topics and subscriptions are there, and makes its own.
resource "azurerm_role_assignment" "messages" {
  for_each             = toset(module.names.apps)
  scope                = azurerm_servicebus_namespace.eco2.id
  role_definition_name = "Azure Service Bus Data Owner"
  principal_id         = azurerm_user_assigned_identity.app[each.key].principal_id
}

resource "azurerm_role_assignment" "objects" {
  for_each             = toset(local.users.objects)
  scope                = azurerm_storage_container.objects.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.app[each.key].principal_id
}

resource "azurerm_role_assignment" "secret" {
  for_each             = local.reads
  scope                = "${azurerm_key_vault.eco2.id}/secrets/${each.value.secret}"
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.app[each.value.app].principal_id
}

resource "azurerm_role_assignment" "secrets_reader" {
  for_each             = toset(module.names.platform_secrets)
  scope                = "${azurerm_key_vault.eco2.id}/secrets/${each.key}"
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.app["secrets-reader"].principal_id
}
