# state.yaml, jobs.yaml, workflow.yaml: a container each, as Dapr wants it. Cosmos DB encrypts by itself.
resource "azurerm_cosmosdb_account" "eco2" {
  name                          = "eco2-${var.suffix}"
  resource_group_name           = azurerm_resource_group.eco2.name
  location                      = azurerm_resource_group.eco2.location
  offer_type                    = "Standard"
  kind                          = "GlobalDocumentDB"
  local_authentication_disabled = true

  consistency_policy { consistency_level = "Strong" }
  geo_location {
    location          = azurerm_resource_group.eco2.location
    failover_priority = 0
  }
  capabilities { name = "EnableServerless" }
  backup {
    type = "Continuous"
    tier = "Continuous7Days"
  }
}

resource "azurerm_cosmosdb_sql_database" "eco2" {
  name                = "eco2"
  resource_group_name = azurerm_resource_group.eco2.name
  account_name        = azurerm_cosmosdb_account.eco2.name
}

resource "azurerm_cosmosdb_sql_container" "store" {
  for_each            = toset(["state", "jobs", "workflow"])
  name                = each.key
  resource_group_name = azurerm_resource_group.eco2.name
  account_name        = azurerm_cosmosdb_account.eco2.name
  database_name       = azurerm_cosmosdb_sql_database.eco2.name
  partition_key_paths = ["/partitionKey"]
  default_ttl         = -1
}
