# PostgreSQL for the apps' own schemas, and in a database and by a login of its own for state.yaml, jobs.yaml and workflow.yaml.
# Its passwords are made here and pass by: ephemeral and write-only, so that no state keeps them. The password of an app's login is set at the server by the
# migrations (docs/decisions/0028-a-login-per-app.md).
locals {
  state = { state = { secret = "state-postgres", login = "eco2_state" } }
  # The rest are made by the migrations.
  made = { owner = module.names.databases.owner, state = local.state.state }
}

ephemeral "random_password" "database" {
  for_each = merge(module.names.databases, local.state)
  length   = 40
  special  = false
}

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
      transaction_log_retention_days = 7
      backup_retention_settings { retained_backups = 14 }
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

resource "google_sql_database" "state" {
  name     = "eco2_state"
  instance = google_sql_database_instance.eco2.name
}

resource "google_sql_user" "login" {
  for_each            = local.made
  name                = each.value.login
  instance            = google_sql_database_instance.eco2.name
  password_wo         = ephemeral.random_password.database[each.key].result
  password_wo_version = var.database_passwords
}

# Encrypted, but not proved: the instance's authority is its own.
resource "google_secret_manager_secret_version" "database" {
  for_each               = module.names.databases
  secret                 = google_secret_manager_secret.secret[each.value.secret].id
  secret_data_wo         = "Host=${google_sql_database_instance.eco2.private_ip_address};Username=${each.value.login};Password=${ephemeral.random_password.database[each.key].result};Database=${google_sql_database.eco2.name};SSL Mode=Require"
  secret_data_wo_version = var.database_passwords
}

resource "google_secret_manager_secret_version" "state" {
  secret                 = google_secret_manager_secret.secret[local.state.state.secret].id
  secret_data_wo         = "host=${google_sql_database_instance.eco2.private_ip_address} user=${local.state.state.login} password=${ephemeral.random_password.database["state"].result} dbname=${google_sql_database.state.name} sslmode=require"
  secret_data_wo_version = var.database_passwords
}
