output "environment" {
  description = "What components/gcp reads from the environment of the sidecars."
  value = {
    GOOGLE_CLOUD_PROJECT = var.project
    ECO2_OBJECTS_BUCKET  = google_storage_bucket.objects.name
    ECO2_SMTP_HOST       = var.smtp_host
    ECO2_SMTP_USER       = var.smtp_user
    ECO2_MAIL_FROM       = var.mail_from
  }
}

output "accounts" {
  description = "Account of each app, for the annotation iam.gke.io/gcp-service-account, and of KEDA, for deploy/argocd/gcp."
  value       = merge({ for app, account in google_service_account.app : app => account.email }, { keda = google_service_account.keda.email })
}
