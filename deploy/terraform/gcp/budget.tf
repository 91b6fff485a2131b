resource "google_billing_budget" "month" {
  billing_account = var.billing_account
  display_name    = "Eco2 ${var.project}"

  budget_filter { projects = ["projects/${data.google_project.this.number}"] }
  amount {
    specified_amount { units = tostring(var.monthly_budget) }
  }
  threshold_rules { threshold_percent = 0.8 }
  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }
}
