# The apps' own PostgreSQL. Its passwords are made here and pass by: ephemeral and write-only, so that no state keeps them. The password of an app's login is set at
# the server by the migrations (docs/decisions/0028-a-login-per-app.md).
ephemeral "random_password" "database" {
  for_each = module.names.databases
  length   = 40
  special  = false
}

resource "azurerm_private_dns_zone" "database" {
  name                = "eco2.private.postgres.database.azure.com"
  resource_group_name = azurerm_resource_group.eco2.name
}

resource "azurerm_private_dns_zone_virtual_network_link" "database" {
  name                  = "cluster"
  resource_group_name   = azurerm_resource_group.eco2.name
  private_dns_zone_name = azurerm_private_dns_zone.database.name
  virtual_network_id    = var.network
}

# Encrypted by Azure's own key.
resource "azurerm_postgresql_flexible_server" "eco2" {
  name                = "eco2-${var.suffix}"
  resource_group_name = azurerm_resource_group.eco2.name
  location            = azurerm_resource_group.eco2.location
  version             = "17"
  sku_name            = var.database_sku
  storage_mb          = 65536
  auto_grow_enabled   = true

  administrator_login               = module.names.databases.owner.login
  administrator_password_wo         = ephemeral.random_password.database["owner"].result
  administrator_password_wo_version = var.database_passwords

  public_network_access_enabled = false
  delegated_subnet_id           = var.database_subnet
  private_dns_zone_id           = azurerm_private_dns_zone.database.id

  # To any minute of two weeks.
  backup_retention_days = 14
  depends_on            = [azurerm_private_dns_zone_virtual_network_link.database]

  high_availability { mode = "ZoneRedundant" }
  lifecycle {
    prevent_destroy = true
    # A failover changes places.
    ignore_changes = [zone, high_availability[0].standby_availability_zone]
  }
}

resource "azurerm_management_lock" "database" {
  name       = "database"
  scope      = azurerm_postgresql_flexible_server.eco2.id
  lock_level = "CanNotDelete"
  notes      = "Holds accounts, scans and rewards."
}

resource "azurerm_postgresql_flexible_server_database" "eco2" {
  name      = "eco2"
  server_id = azurerm_postgresql_flexible_server.eco2.id
  charset   = "UTF8"
  lifecycle { prevent_destroy = true }
}

resource "azurerm_key_vault_secret" "database" {
  for_each         = module.names.databases
  name             = each.value.secret
  key_vault_id     = azurerm_key_vault.eco2.id
  value_wo         = "Host=${azurerm_postgresql_flexible_server.eco2.fqdn};Username=${each.value.login};Password=${ephemeral.random_password.database[each.key].result};Database=eco2;SSL Mode=VerifyFull"
  value_wo_version = var.database_passwords
  depends_on       = [azurerm_role_assignment.operator_secrets]
}
