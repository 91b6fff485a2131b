# Empty: their values are set by hand or by External Secrets and never pass through Terraform's state.
resource "google_secret_manager_secret" "secret" {
  for_each   = module.names.secrets
  secret_id  = each.key
  depends_on = [google_kms_crypto_key_iam_member.service]

  replication {
    user_managed {
      replicas {
        location = var.region
        customer_managed_encryption { kms_key_name = google_kms_crypto_key.eco2.id }
      }
    }
  }
}
