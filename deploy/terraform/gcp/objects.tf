resource "google_storage_bucket" "objects" {
  name                        = "${var.project}-objects"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  depends_on                  = [google_kms_crypto_key_iam_member.service]

  encryption { default_kms_key_name = google_kms_crypto_key.eco2.id }
  # What was given to the coach is forgotten after a week.
  lifecycle_rule {
    condition {
      age            = 7
      matches_prefix = ["coach/"]
    }
    action { type = "Delete" }
  }
  lifecycle_rule {
    condition { age = 1 }
    action { type = "AbortIncompleteMultipartUpload" }
  }
}
