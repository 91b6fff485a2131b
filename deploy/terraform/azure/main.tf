terraform {
  required_version = ">= 1.11"
  required_providers {
    azurerm = { source = "hashicorp/azurerm", version = "~> 4.0" }
    random  = { source = "hashicorp/random", version = "~> 3.7" }
  }
}

provider "azurerm" {
  features {}
  subscription_id     = var.subscription
  storage_use_azuread = true
}

module "names" {
  source = "../names"
  target = "azure"
}

data "azurerm_client_config" "this" {}

locals {
  users = module.names.users
  # Dapr makes the subscriptions of single sidecars by itself.
  subscriptions = { for s in module.names.subscriptions : "${s.topic}/${s.app}" => s if s.component != "broadcast" }
}

resource "azurerm_resource_group" "eco2" {
  name     = "eco2-${var.stage}"
  location = var.location
  tags     = { product = "eco2", stage = var.stage }
}

# Secrets, and the key that the pictures are encrypted with.
resource "azurerm_key_vault" "eco2" {
  name                       = "eco2-${var.suffix}"
  resource_group_name        = azurerm_resource_group.eco2.name
  location                   = azurerm_resource_group.eco2.location
  tenant_id                  = data.azurerm_client_config.this.tenant_id
  sku_name                   = "standard"
  rbac_authorization_enabled = true
  purge_protection_enabled   = true
  soft_delete_retention_days = 30
}

resource "azurerm_role_assignment" "operator" {
  scope                = azurerm_key_vault.eco2.id
  role_definition_name = "Key Vault Crypto Officer"
  principal_id         = data.azurerm_client_config.this.object_id
}

resource "azurerm_role_assignment" "operator_secrets" {
  scope                = azurerm_key_vault.eco2.id
  role_definition_name = "Key Vault Secrets Officer"
  principal_id         = data.azurerm_client_config.this.object_id
}

resource "azurerm_key_vault_key" "objects" {
  name         = "objects"
  key_vault_id = azurerm_key_vault.eco2.id
  key_type     = "RSA"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]
  depends_on   = [azurerm_role_assignment.operator]

  rotation_policy {
    expire_after = "P2Y"
    automatic { time_before_expiry = "P60D" }
  }
}
