# KEDA's operator counts what waits in the subscriptions that the overlay's scalers name. Service Bus tells that only to who may manage them, so it
# owns the data of these subscriptions, and of nothing else. Its chart gets the client id in deploy/argocd/azure.
locals {
  scaled = { for trigger in module.names.scaled : "${trigger.topicName}/${trigger.subscriptionName}" => trigger }
}

resource "azurerm_user_assigned_identity" "keda" {
  name                = "eco2-keda"
  resource_group_name = azurerm_resource_group.eco2.name
  location            = azurerm_resource_group.eco2.location
}

resource "azurerm_federated_identity_credential" "keda" {
  name                = "kubernetes"
  resource_group_name = azurerm_resource_group.eco2.name
  parent_id           = azurerm_user_assigned_identity.keda.id
  issuer              = var.oidc_issuer
  subject             = "system:serviceaccount:keda:keda-operator"
  audience            = ["api://AzureADTokenExchange"]
}

resource "azurerm_role_assignment" "keda" {
  for_each             = local.scaled
  scope                = azurerm_servicebus_subscription.app[each.key].id
  role_definition_name = "Azure Service Bus Data Owner"
  principal_id         = azurerm_user_assigned_identity.keda.principal_id
}
