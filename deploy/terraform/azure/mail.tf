resource "azurerm_communication_service" "mail" {
  name                = "eco2-${var.suffix}"
  resource_group_name = azurerm_resource_group.eco2.name
  data_location       = "Korea"
}

resource "azurerm_email_communication_service" "mail" {
  name                = "eco2-${var.suffix}"
  resource_group_name = azurerm_resource_group.eco2.name
  data_location       = "Korea"
}

resource "azurerm_email_communication_service_domain" "mail" {
  name              = var.mail_domain
  email_service_id  = azurerm_email_communication_service.mail.id
  domain_management = "CustomerManaged"
}

resource "azurerm_communication_service_email_domain_association" "mail" {
  communication_service_id = azurerm_communication_service.mail.id
  email_service_domain_id  = azurerm_email_communication_service_domain.mail.id
}
