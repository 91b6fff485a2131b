resource "azurerm_consumption_budget_resource_group" "month" {
  name              = "eco2-${var.stage}"
  resource_group_id = azurerm_resource_group.eco2.id
  amount            = var.monthly_budget
  time_grain        = "Monthly"

  time_period { start_date = var.budget_start }
  notification {
    operator       = "GreaterThan"
    threshold      = 80
    threshold_type = "Actual"
    contact_emails = [var.alarm_address]
  }
  notification {
    operator       = "GreaterThan"
    threshold      = 100
    threshold_type = "Forecasted"
    contact_emails = [var.alarm_address]
  }
}
