# Empty but for those of the database: their values are set by hand and never pass through Terraform's state.
resource "google_secret_manager_secret" "secret" {
  for_each   = toset(module.names.every_secret)
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
