# Topics and subscriptions with the names that Dapr gives them: <consumerID>-<topic>.
resource "google_pubsub_topic" "topic" {
  for_each     = toset(module.names.topics)
  name         = each.key
  kms_key_name = google_kms_crypto_key.eco2.id
  depends_on   = [google_kms_crypto_key_iam_member.service]
}

resource "google_pubsub_subscription" "app" {
  for_each                   = local.subscriptions
  name                       = each.key
  topic                      = google_pubsub_topic.topic[each.value.topic].id
  ack_deadline_seconds       = 20
  message_retention_duration = "604800s"
  expiration_policy { ttl = "" }
}
