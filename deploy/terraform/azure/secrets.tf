# A secret of Key Vault has a value: until it is set by hand it says so. Write-only, so that no state keeps it, and set once: what is there later stays.
resource "azurerm_key_vault_secret" "secret" {
  for_each         = setsubtract(module.names.every_secret, values(module.names.databases)[*].secret)
  name             = each.key
  key_vault_id     = azurerm_key_vault.eco2.id
  value_wo         = "not set yet"
  value_wo_version = 1
  depends_on       = [azurerm_role_assignment.operator_secrets]
}
