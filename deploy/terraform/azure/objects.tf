resource "azurerm_storage_account" "objects" {
  name                            = "eco2${var.suffix}"
  resource_group_name             = azurerm_resource_group.eco2.name
  location                        = azurerm_resource_group.eco2.location
  account_tier                    = "Standard"
  account_replication_type        = "ZRS"
  min_tls_version                 = "TLS1_2"
  shared_access_key_enabled       = false
  allow_nested_items_to_be_public = false

  identity { type = "SystemAssigned" }
  # The key is given below.
  lifecycle { ignore_changes = [customer_managed_key] }
}

resource "azurerm_role_assignment" "objects_key" {
  scope                = azurerm_key_vault.eco2.id
  role_definition_name = "Key Vault Crypto Service Encryption User"
  principal_id         = azurerm_storage_account.objects.identity[0].principal_id
}

resource "azurerm_storage_account_customer_managed_key" "objects" {
  storage_account_id = azurerm_storage_account.objects.id
  key_vault_id       = azurerm_key_vault.eco2.id
  key_name           = azurerm_key_vault_key.objects.name
  depends_on         = [azurerm_role_assignment.objects_key]
}

resource "azurerm_storage_container" "objects" {
  name               = "objects"
  storage_account_id = azurerm_storage_account.objects.id
}

resource "azurerm_storage_management_policy" "objects" {
  storage_account_id = azurerm_storage_account.objects.id
  # What was given to the coach is forgotten after a week.
  rule {
    name    = "week"
    enabled = true
    filters {
      blob_types   = ["blockBlob"]
      prefix_match = ["objects/coach/"]
    }
    actions {
      base_blob { delete_after_days_since_creation_greater_than = 7 }
    }
  }
}
