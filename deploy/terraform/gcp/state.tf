# state.yaml, jobs.yaml, workflow.yaml, and the apps' own schemas: PostgreSQL. The connection string becomes the secret state-postgres by hand.
resource "google_sql_database_instance" "eco2" {
  name                = "eco2"
  database_version    = "POSTGRES_17"
  region              = var.region
  encryption_key_name = google_kms_crypto_key.eco2.id
  deletion_protection = true
  depends_on          = [google_kms_crypto_key_iam_member.service]

  settings {
    tier              = var.database_tier
    edition           = "ENTERPRISE"
    availability_type = "REGIONAL"
    disk_autoresize   = true

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
    }
    ip_configuration {
      ipv4_enabled    = false
      private_network = var.network
      ssl_mode        = "ENCRYPTED_ONLY"
    }
  }
}

resource "google_sql_database" "eco2" {
  name     = "eco2"
  instance = google_sql_database_instance.eco2.name
}
