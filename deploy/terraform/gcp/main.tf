terraform {
  required_version = ">= 1.11"
  required_providers {
    google = { source = "hashicorp/google", version = "~> 7.0" }
    # For one resource: the accounts that Google's services encrypt by.
    google-beta = { source = "hashicorp/google-beta", version = "~> 7.0" }
    random      = { source = "hashicorp/random", version = "~> 3.7" }
  }
}

provider "google" {
  project               = var.project
  region                = var.region
  billing_project       = var.project
  user_project_override = true
  default_labels        = { product = "eco2" }
}

provider "google-beta" {
  project = var.project
  region  = var.region
}

module "names" {
  source = "../names"
  target = "gcp"
}

data "google_project" "this" {}

data "google_storage_project_service_account" "this" {}

resource "google_project_service_identity" "robot" {
  for_each = toset(["pubsub.googleapis.com", "secretmanager.googleapis.com", "sqladmin.googleapis.com"])
  provider = google-beta
  service  = each.key
}

locals {
  users         = module.names.users
  subscriptions = { for s in module.names.subscriptions : "${s.app}-${s.topic}" => s if s.component != "broadcast" }
}

# One key for everything that lies or waits.
resource "google_kms_key_ring" "eco2" {
  name     = "eco2"
  location = var.region
}

resource "google_kms_crypto_key" "eco2" {
  name            = "eco2"
  key_ring        = google_kms_key_ring.eco2.id
  rotation_period = "7776000s"
  lifecycle { prevent_destroy = true }
}

# Google's own accounts encrypt with it in our name.
resource "google_kms_crypto_key_iam_member" "service" {
  for_each      = merge({ for name, robot in google_project_service_identity.robot : name => robot.email }, { storage = data.google_storage_project_service_account.this.email_address })
  crypto_key_id = google_kms_crypto_key.eco2.id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${each.value}"
}
