# Topics and subscriptions with the names that Dapr gives them: a subscription is called as its app.
resource "azurerm_servicebus_namespace" "eco2" {
  name                = "eco2-${var.suffix}"
  resource_group_name = azurerm_resource_group.eco2.name
  location            = azurerm_resource_group.eco2.location
  sku                 = "Standard"
  local_auth_enabled  = false
  minimum_tls_version = "1.2"
}

resource "azurerm_servicebus_topic" "topic" {
  for_each     = toset(module.names.topics)
  name         = each.key
  namespace_id = azurerm_servicebus_namespace.eco2.id
}

resource "azurerm_servicebus_subscription" "app" {
  for_each           = local.subscriptions
  name               = each.value.app
  topic_id           = azurerm_servicebus_topic.topic[each.value.topic].id
  max_delivery_count = each.value.component == "dead-letters" ? 2000 : 10
  lock_duration      = "PT1M"
}
