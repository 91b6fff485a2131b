# KEDA's operator learns from Cloud Monitoring how much waits in a subscription; no right on Pub/Sub is needed. Its chart gets the account in deploy/argocd/gcp.
resource "google_service_account" "keda" {
  account_id   = "eco2-keda"
  display_name = "Eco2 KEDA"
}

resource "google_service_account_iam_member" "keda" {
  service_account_id = google_service_account.keda.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project}.svc.id.goog[keda/keda-operator]"
}

resource "google_project_iam_member" "keda" {
  project = var.project
  role    = "roles/monitoring.viewer"
  member  = google_service_account.keda.member
}
